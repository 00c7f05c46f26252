/**
 * Results that are not there yet when a method returns: promises and whatever else has a `then`, generators and iterators.
 *
 * @module
 */
import { hasMethod, read } from '../core/reading.ts'
import { type Watcher, follow, followed, settling } from '../core/thenable.ts'

/**
 * Tells the watcher when a result is over: at once, unless the result is still to come, or comes bit by bit.
 *
 * @returns the result; in place of a plain promise, a promise that settles the same way
 */
export function watched(result: unknown, watcher: Watcher): unknown {
  if (followed.has(result as object)) {
    watcher.over()
    return result
  }
  if (hasMethod(result, 'then')) return settling(result as object, watcher)
  if (isIterator(result)) return iterator(result, watcher)
  watcher.over()
  return result
}

const isIterator = (value: unknown): value is object =>
  hasMethod(value, 'next') && (hasMethod(value, Symbol.iterator) || hasMethod(value, Symbol.asyncIterator))

function iterator(result: object, { over, within }: Watcher): object {
  const finished = (failed?: { thrown: unknown }) => {
    stop?.()
    over(failed)
  }
  const failed = (thrown: unknown): never => {
    finished({ thrown })
    throw thrown
  }
  const stop = follow(result, ['next', 'return', 'throw', 'close'], (method, args, key) => {
    const came = (step: unknown) => {
      // The `next` of a database's cursor gives a document, or none at the end.
      const done = step === undefined || step === null || read(step, 'done')
      // A generator may go on after `return` or `throw`, and then says `done: false`. Anything else is taken to have ended.
      if (key === 'next' ? done : done !== false) finished()
      return step
    }
    let step: unknown
    try {
      step = within(() => method.apply(result, args))
    } catch (thrown) {
      return failed(thrown)
    }
    return hasMethod(step, 'then') ? (step as PromiseLike<unknown>).then(came, failed) : came(step)
  })
  if (!stop) over()
  return result
}
