/**
 * Callback-style handlers, promisified.
 *
 * @module
 */
import type { AnyFunction } from '../../core/layer.ts'
import { environment } from '../../core/environment.ts'
import { hasMethod } from '../../core/reading.ts'
import { isThenable } from '../../core/stage.ts'
import { untilEmpty } from './empty-loop.ts'

/** The ways to end an invocation that a runtime's context has, up to Node 22. */
interface Settlers {
  succeed(result?: unknown): void
  fail(error?: unknown): void
  done(error?: unknown, result?: unknown): void
}

/** Whether a call may end by something other than what the handler returns. */
export const callbackStyle = (handler: AnyFunction, context: unknown): boolean =>
  handler.length > 2 || hasSettlers(context)

const hasSettlers = (context: unknown): boolean => hasMethod(context, 'succeed')

/**
 * Calls a handler, with a callback and with a context whose `succeed`, `fail` and `done` lead here, so that nothing is
 * answered before the telemetry is flushed. Whatever comes first counts, as in the runtime: a call of one of those, the
 * promise that the handler has returned, what it throws.
 *
 * A handler that comes to nothing of that is over when the event loop is empty, as it is in client 3. A result is one,
 * but for a timer and the like: `(event, context) => setTimeout(() => context.succeed(), 20)` returns one. To wait for the
 * event loop would hold a result for as long as an export to a collector that hangs has its socket open.
 *
 * `context.callbackWaitsForEmptyEventLoop` makes no difference: a promise's response is sent when it is there.
 *
 * Sources: aws-lambda-ric 3.3, `CallbackContext` and `Runtime`; client 4 has none of it, but for promises.
 */
export function promisified(handler: AnyFunction, self: unknown, args: readonly unknown[]): Promise<unknown> {
  let release: (() => void) | undefined
  const settled = new Promise<unknown>((resolve, reject) => {
    // Not any falsy value: the runtime takes `''` and `false` for errors.
    const done = (error?: unknown, result?: unknown) => (error === undefined || error === null ? resolve(result) : reject(error))
    const [event, context, third, ...rest] = args
    const returned = Reflect.apply(handler, self, [event, withSettlers(context, { succeed: resolve, fail: reject, done }), isCallback(third) ? done : third, ...rest])
    // Not `resolve(returned)`: nothing could come before a promise that `settled` already stands for.
    if (isThenable(returned)) return void returned.then(resolve, reject)
    if (!waits(handler, args, returned)) return resolve(returned)
    release = () => resolve(undefined)
  })
  return release ? untilEmpty(settled, release) : settled
}

/** Whether a third argument is a callback, or is missing where there should be one: that of middy is `{ signal }`. */
const isCallback = (third: unknown): boolean => third === undefined || typeof third === 'function'

/**
 * Whether a handler that has returned no promise may still be at work. With a third parameter it may; with less, only if it
 * has no result, and it was the runtime that called it, one whose context can end invocations. Parameters do not tell there:
 * `arguments`, `...rest` and defaults are none. Local callers, tests and wrappers pass contexts that look the same, and wait
 * for a result at once.
 */
const waits = (handler: AnyFunction, [, context, callback]: readonly unknown[], returned: unknown): boolean =>
  (handler.length > 2 && isCallback(callback)) ||
  ((returned === undefined || isHandle(returned)) && typeof callback === 'function' && hasSettlers(context) && environment('AWS_LAMBDA_RUNTIME_API') !== undefined)

/** Whether something is a timer, a socket, or what else keeps the event loop going: none of them is a response. */
const isHandle = (value: unknown): boolean => hasMethod(value, 'unref')

/**
 * The context, but for its ways to end: those of its own are what the runtime sends with, once the wrapped handler has come
 * to something. A copy, whatever is asked of it; what a handler writes to it is there for whoever has passed the original, too,
 * as a middleware.
 */
function withSettlers(context: unknown, settlers: Settlers): unknown {
  if (!hasSettlers(context)) return context
  const own = Object.getOwnPropertyDescriptors(context)
  // Into the descriptors: those of a frozen context cannot be defined anew.
  const copy = Object.create(Object.getPrototypeOf(context), { ...own, ...Object.getOwnPropertyDescriptors(settlers) }) as object
  const isOurs = (key: PropertyKey): boolean => Object.hasOwn(settlers, key)
  return new Proxy(copy, {
    // This is where writing leads to in the end. A `succeed` of the handler's own must not be what the runtime sends with.
    defineProperty(_, key, descriptor) {
      if (!isOurs(key)) Reflect.defineProperty(context as object, key, descriptor)
      return Reflect.defineProperty(copy, key, descriptor)
    },
    deleteProperty(_, key) {
      if (!isOurs(key)) Reflect.deleteProperty(context as object, key)
      return Reflect.deleteProperty(copy, key)
    },
  })
}
