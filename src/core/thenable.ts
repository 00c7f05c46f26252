/**
 * Results that are not there yet: promises, and whatever else has a `then`.
 *
 * @module
 */
import { hasMethod, read } from './reading.ts'

/** What is told when a result is over. */
export interface Watcher {
  /** The result is over, and has failed if `failed` is given. Called as often as the result seems to be over. */
  over(failed?: { readonly thrown: unknown }): void
  /** Runs a part of what makes the result. */
  within<T>(run: () => T): T
}

/** The objects that are being followed. Another call may return the same object, which must not get one more layer each time. */
export const followed = new WeakSet<object>()

/**
 * Tells the watcher when an object with a `then` is over. Only whoever waits for the object gets its outcome: a rejection that
 * nobody handles stays unhandled.
 *
 * @returns the same object; in place of a plain promise, a promise that settles the same way
 */
export const settling = (result: object, watcher: Watcher): unknown =>
  isPlainPromise(result) ? promise(result, watcher) : thenable(result, watcher)

// `await` and its like do not look at the `then` of a plain promise.
const isPlainPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise && value.constructor === Promise

// Returns another promise: the promise itself would count as handled, even if nobody else ever handled it.
const promise = (result: Promise<unknown>, { over }: Watcher): unknown =>
  Object.defineProperties(Promise.prototype.then.call(result, ...telling(over)), Object.getOwnPropertyDescriptors(result))

type Settled = ((value: unknown) => unknown) | null | undefined

/** The arguments for `then`. They do what the arguments of whoever waits do, if anybody waits, and tell the watcher. */
const telling = (over: Watcher['over'], fulfilled?: Settled, rejected?: Settled) =>
  [
    (value: unknown) => (over(), typeof fulfilled === 'function' ? fulfilled(value) : value),
    (thrown: unknown) => {
      over({ thrown })
      if (typeof rejected === 'function') return rejected(thrown)
      throw thrown
    },
  ] as const

// Returns the same object, since it may have methods of its own. Calls its `then` only when somebody else does: each call of
// `then` starts a query builder's query.
function thenable(result: object, watcher: Watcher): unknown {
  const { over, within } = watcher
  const stop = follow(result, ['then', 'catch', 'finally'], (method, args: Settled[], key) => {
    if (key === 'then') {
      stop?.()
      try {
        return within(() => method.apply(result, [...telling(over, ...args), ...args.slice(2)] as never))
      } catch (thrown) {
        over({ thrown })
        throw thrown
      }
    }
    const [, rejected] = telling(over, undefined, args[0])
    // Bluebird's `catch` may take the kind of error as its first argument.
    const returned = within(() => method.apply(result, key === 'catch' && !args[1] ? [rejected] : args))
    // Most objects' `catch` and `finally` call `then`, which has stopped this. Others have promises of their own behind them.
    if (!followed.has(result)) return returned
    stop?.()
    return hasMethod(returned, 'then') ? settling(returned as object, watcher) : returned
  })
  if (!stop) over()
  return result
}

type Method = (...args: unknown[]) => unknown

/** Replaces methods of one object. @returns a function that restores them; `undefined` if it has none, or forbids it */
export function follow<Args extends unknown[]>(
  target: object,
  keys: readonly string[],
  call: (method: Method, args: Args, key: string) => unknown,
): (() => void) | undefined {
  followed.add(target)
  const replaced = keys.flatMap((key) => {
    const method = read(target, key) as Method
    if (!hasMethod(target, key)) return []
    const value = (...args: Args) => call(method, args, key)
    const current = () => Object.getOwnPropertyDescriptor(target, key)
    let own: PropertyDescriptor | undefined
    try {
      own = current()
      if (!Reflect.defineProperty(target, key, { value, writable: true, configurable: true })) return []
    } catch {
      // A stub of a remote object may throw where other objects say that they are frozen.
      return []
    }
    return () => {
      // Compares the descriptor's value, not what is read: a proxy may bind the methods that it gives.
      if (current()?.value !== value) return
      if (own) Object.defineProperty(target, key, own)
      else Reflect.deleteProperty(target, key)
    }
  })
  return replaced[0] && (() => {
    followed.delete(target)
    for (const restore of replaced) restore()
  })
}
