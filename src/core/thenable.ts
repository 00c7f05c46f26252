/**
 * Results that are not there yet: promises, and whatever else has a `then`.
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
export const followed = new WeakSet<object>()

/**
 * Has the watcher told when what has a `then` is over. Whoever waits for it gets what it comes to, and nobody else does:
 * a rejection that nobody handles stays one.
 *
 * @returns the very object; in place of a plain promise one that settles alike
 */
export const settling = (result: object, watcher: Watcher): unknown =>
  isPlainPromise(result) ? promise(result, watcher) : thenable(result, watcher)

// `await` and its like do not look at the `then` of these.
const isPlainPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise && value.constructor === Promise

// Not the promise itself, for it would count as handled, even if nobody else ever did.
const promise = (result: Promise<unknown>, { over }: Watcher): unknown =>
  Object.defineProperties(Promise.prototype.then.call(result, ...telling(over)), Object.getOwnPropertyDescriptors(result))

type Settled = ((value: unknown) => unknown) | null | undefined

/** What `then` is called with, by whoever waits, or by nobody: the same, and the watcher is told. */
const telling = (over: Watcher['over'], fulfilled?: Settled, rejected?: Settled) =>
  [
    (value: unknown) => (over(), typeof fulfilled === 'function' ? fulfilled(value) : value),
    (thrown: unknown) => {
      over({ thrown })
      if (typeof rejected === 'function') return rejected(thrown)
      throw thrown
    },
  ] as const

// The very object, for it may have methods of its own; and its `then` only when somebody else calls it, for that is what
// starts a query builder's query, once for each call.
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
    // Bluebird's is told of the kind of error first.
    const returned = within(() => method.apply(result, key === 'catch' && !args[1] ? [rejected] : args))
    // Most go by `then`, which has stopped this. Others have promises of their own behind them.
    if (!followed.has(result)) return returned
    stop?.()
    return hasMethod(returned, 'then') ? settling(returned as object, watcher) : returned
  })
  if (!stop) over()
  return result
}

type Method = (...args: unknown[]) => unknown

/** Replaces methods of one object. @returns what takes them back; `undefined` if there are none, or the object forbids it */
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
      // A stub of something remote may throw where others say that they are frozen.
      return []
    }
    return () => {
      // Not what is read: a proxy may bind what it gives.
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
