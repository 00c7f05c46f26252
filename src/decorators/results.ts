/**
 * Results that are not there yet when a method returns: promises and whatever else has a `then`, generators and iterators.
 *
 * @module
 */
import { isThenable } from '../core/stage.ts'
import { hasMethod, read } from './reading.ts'

/** What is told of a result. */
export interface Watcher {
  /** It is over. Told as often as it seems so. */
  done(): void
  failed(thrown: unknown): void
  /** Runs a part of what makes the result. */
  within<T>(run: () => T): T
}

/**
 * Has the watcher told when a result is over: at once, unless it is to come, or comes bit by bit.
 *
 * @returns the result; in place of a plain promise one that settles alike
 */
export function watched(result: unknown, watcher: Watcher): unknown {
  if (hasMethod(result, 'then')) return isPlainPromise(result) ? promise(result, watcher) : thenable(result as object, watcher)
  if (isIterator(result)) return iterator(result, watcher)
  watcher.done()
  return result
}

// `await` and its like do not look at the `then` of these.
const isPlainPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise && value.constructor === Promise

// Not the promise itself, for it would count as handled, even if nobody else ever did.
function promise(result: Promise<unknown>, watcher: Watcher): Promise<unknown> {
  const same = result.then(
    (value) => {
      watcher.done()
      return value
    },
    (thrown: unknown) => {
      watcher.failed(thrown)
      throw thrown
    },
  )
  return Object.defineProperties(same, Object.getOwnPropertyDescriptors(result))
}

type Settled = ((value: unknown) => unknown) | null | undefined

// The very object, for it may have methods of its own; and its `then` only when somebody else calls it, for that is what
// starts a query builder's query, once for each call.
function thenable(result: object, watcher: Watcher): unknown {
  const then = read(result, 'then') as (fulfilled: Settled, rejected: Settled) => unknown
  const restore = replace(result, 'then', (fulfilled?: Settled, rejected?: Settled) => {
    restore?.()
    return watcher.within(() =>
      then.call(
        result,
        (value: unknown) => {
          watcher.done()
          return fulfilled ? fulfilled(value) : value
        },
        (thrown: unknown) => {
          watcher.failed(thrown)
          if (rejected) return rejected(thrown)
          throw thrown
        },
      ),
    )
  })
  if (!restore) watcher.done()
  return result
}

const isIterator = (value: unknown): value is object =>
  hasMethod(value, 'next') && (hasMethod(value, Symbol.iterator) || hasMethod(value, Symbol.asyncIterator))

function iterator(result: object, watcher: Watcher): object {
  const restored: (() => void)[] = []
  const over = (tell: () => void) => {
    for (const restore of restored.splice(0)) restore()
    tell()
  }
  for (const key of ['next', 'return', 'throw']) {
    if (!hasMethod(result, key)) continue
    const method = read(result, key) as (...args: unknown[]) => unknown
    const came = (step: unknown) => {
      // A generator may go on when it is told to return; nobody asks anything else.
      const done = read(step, 'done')
      if (key === 'return' ? done !== false : done || step !== Object(step)) over(() => watcher.done())
      return step
    }
    const failed = (thrown: unknown): never => {
      over(() => watcher.failed(thrown))
      throw thrown
    }
    const restore = replace(result, key, (...args) => {
      let step: unknown
      try {
        step = watcher.within(() => method.apply(result, args))
      } catch (thrown) {
        return failed(thrown)
      }
      return isThenable(step) ? step.then(came, failed) : came(step)
    })
    if (restore) restored.push(restore)
  }
  if (restored.length === 0) watcher.done()
  return result
}

/** Replaces a method of one object. @returns what takes it back; `undefined` if the object does not allow it */
function replace(target: object, key: string, value: (...args: never[]) => unknown): (() => void) | undefined {
  const own = Object.getOwnPropertyDescriptor(target, key)
  if (!Reflect.defineProperty(target, key, { value, writable: true, configurable: true })) return undefined
  return () => {
    if (read(target, key) !== value) return
    if (own) Object.defineProperty(target, key, own)
    else Reflect.deleteProperty(target, key)
  }
}
