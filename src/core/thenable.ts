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

type Method = (...args: unknown[]) => unknown

/** Replaces a method of one object. @returns what takes it back; `undefined` if there is none, or the object forbids it */
export function replace(target: object, key: string, call: (method: Method, args: never[]) => unknown): (() => void) | undefined {
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
