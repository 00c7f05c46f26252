/**
 * Results that are not there yet when a method returns: promises and whatever else has a `then`, generators and iterators.
 *
 * @module
 */
import { hasMethod, read } from './reading.ts'

/** What is told of a result. */
export interface Watcher {
  /** It is over, and has failed if it was thrown. Told as often as it seems so. */
  over(failed?: { readonly thrown: unknown }): void
  /** Runs a part of what makes the result. */
  within<T>(run: () => T): T
}

/** What is being followed: another call may return the same, which must not have one layer more each time. */
const followed = new WeakSet<object>()

/**
 * Has the watcher told when a result is over: at once, unless it is to come, or comes bit by bit.
 *
 * @returns the result; in place of a plain promise one that settles alike
 */
export function watched(result: unknown, watcher: Watcher): unknown {
  if (followed.has(result as object)) {
    watcher.over()
    return result
  }
  if (hasMethod(result, 'then')) return isPlainPromise(result) ? promise(result, watcher) : thenable(result as object, watcher)
  if (isIterator(result)) return iterator(result, watcher)
  watcher.over()
  return result
}

// `await` and its like do not look at the `then` of these.
const isPlainPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise && value.constructor === Promise

// Not the promise itself, for it would count as handled, even if nobody else ever did.
function promise(result: Promise<unknown>, { over }: Watcher): Promise<unknown> {
  const same = result.then(
    (value) => (over(), value),
    (thrown: unknown) => {
      over({ thrown })
      throw thrown
    },
  )
  return Object.defineProperties(same, Object.getOwnPropertyDescriptors(result))
}

type Settled = ((value: unknown) => unknown) | null | undefined

// The very object, for it may have methods of its own; and its `then` only when somebody else calls it, for that is what
// starts a query builder's query, once for each call.
function thenable(result: object, { over, within }: Watcher): unknown {
  followed.add(result)
  const restore = replace(result, 'then', (then, [fulfilled, rejected]: Settled[]) => {
    followed.delete(result)
    restore?.()
    return within(() =>
      then.call(
        result,
        (value: unknown) => (over(), typeof fulfilled === 'function' ? fulfilled(value) : value),
        (thrown: unknown) => {
          over({ thrown })
          if (typeof rejected === 'function') return rejected(thrown)
          throw thrown
        },
      ),
    )
  })
  if (!restore) over()
  return result
}

const isIterator = (value: unknown): value is object =>
  hasMethod(value, 'next') && (hasMethod(value, Symbol.iterator) || hasMethod(value, Symbol.asyncIterator))

function iterator(result: object, { over, within }: Watcher): object {
  followed.add(result)
  const replaced: (() => void)[] = []
  const finished = (failed?: { thrown: unknown }) => {
    followed.delete(result)
    for (const restore of replaced.splice(0)) restore()
    over(failed)
  }
  for (const key of ['next', 'return', 'throw']) {
    const came = (step: unknown) => {
      const done = read(step, 'done')
      // A generator may go on when it is told to return; nothing else is asked whether it does.
      if (key === 'return' ? done !== false : done) finished()
      return step
    }
    const failed = (thrown: unknown): never => {
      finished({ thrown })
      throw thrown
    }
    const restore = replace(result, key, (method, args) => {
      let step: unknown
      try {
        step = within(() => method.apply(result, args))
      } catch (thrown) {
        return failed(thrown)
      }
      return hasMethod(step, 'then') ? (step as PromiseLike<unknown>).then(came, failed) : came(step)
    })
    if (restore) replaced.push(restore)
  }
  if (!replaced.length) over()
  return result
}

type Method = (...args: unknown[]) => unknown

/** Replaces a method of one object. @returns what takes it back; `undefined` if there is none, or the object forbids it */
function replace(target: object, key: string, call: (method: Method, args: never[]) => unknown): (() => void) | undefined {
  const method = read(target, key) as Method
  const own = Object.getOwnPropertyDescriptor(target, key)
  const value = (...args: never[]) => call(method, args)
  if (!hasMethod(target, key) || !Reflect.defineProperty(target, key, { value, writable: true, configurable: true })) return undefined
  return () => {
    if (read(target, key) !== value) return
    if (own) Object.defineProperty(target, key, own)
    else Reflect.deleteProperty(target, key)
  }
}
