/**
 * Callback-style handlers, promisified.
 *
 * @module
 */
import type { AnyFunction } from '../../core/layer.ts'
import { environment } from '../../core/environment.ts'
import { isThenable } from '../../core/stage.ts'
import { kindOf } from './arguments.ts'
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

const hasSettlers = (context: unknown): boolean => kindOf(context, 'succeed') === 'function'

/**
 * Calls a handler, with a callback and with a context whose `succeed`, `fail` and `done` lead here, so that nothing is
 * answered before the telemetry is flushed. Whatever comes first counts, as in the runtime: a call of one of those, the
 * promise that the handler has returned, what it throws.
 *
 * A handler that comes to nothing of that is over when the event loop is empty, as it is in client 3. What it returned
 * tells nothing: `(event, context) => setTimeout(() => context.succeed(), 20)` returns a timer.
 *
 * `context.callbackWaitsForEmptyEventLoop` makes no difference: a promise's response is sent when it is there. Were the
 * event loop waited for, an export to a collector that hangs would hold the response for as long as its socket is open.
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
    if (!waits(handler, args)) return resolve(returned)
    // What the types say of it. The runtime itself looks at nothing that a handler returns but promises.
    release = () => resolve(handler.length > 2 ? undefined : returned)
  })
  return release ? untilEmpty(settled, release) : settled
}

/** Whether a third argument is a callback, or is missing where there should be one: that of middy is `{ signal }`. */
const isCallback = (third: unknown): boolean => third === undefined || typeof third === 'function'

/**
 * Whether a handler that has returned no promise may still be at work. With a third parameter it may; with less, only if
 * it was the runtime that called it, one whose context can end invocations. Parameters do not tell there: `arguments`,
 * `...rest` and defaults are none. Local callers, tests and wrappers pass contexts that look the same, and wait for a
 * result at once.
 */
const waits = (handler: AnyFunction, [, context, callback]: readonly unknown[]): boolean =>
  (handler.length > 2 && isCallback(callback)) ||
  (typeof callback === 'function' && hasSettlers(context) && environment('AWS_LAMBDA_RUNTIME_API') !== undefined)

/**
 * The context, but for its ways to end: those of its own are what the runtime sends with, once the wrapped handler has come
 * to something. No copy, since what a handler writes to its context is there for whoever has passed it, as a middleware.
 */
function withSettlers(context: unknown, settlers: Settlers): unknown {
  if (!hasSettlers(context)) return context
  // Nothing can be written to it, and a proxy may not tell of it but what it holds.
  if (Object.isFrozen(context)) {
    const own = { ...Object.getOwnPropertyDescriptors(context), ...Object.getOwnPropertyDescriptors(settlers) }
    return Object.create(Object.getPrototypeOf(context), own)
  }
  const holder = (target: object, key: PropertyKey): object => (Object.hasOwn(settlers, key) ? settlers : target)
  return new Proxy(context as object, {
    get: (target, key) => Reflect.get(holder(target, key), key),
    // This is where writing leads to in the end. A `succeed` of the handler's own must not be what the runtime sends with.
    defineProperty: (target, key, descriptor) => Reflect.defineProperty(holder(target, key), key, descriptor),
  })
}
