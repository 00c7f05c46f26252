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

/** The methods of a runtime's context that end an invocation, up to Node 22. */
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
 * Calls a handler with a callback, and with a context whose `succeed`, `fail` and `done` settle the promise that is returned
 * here, so that nothing is answered before the telemetry is flushed. Whichever comes first counts, as in the runtime: a call of
 * one of these, the promise that the handler has returned, or what the handler throws.
 *
 * If none of these comes, the handler is over when the event loop is empty, as in client 3. A returned value counts as a result,
 * unless it is a timer or the like: `(event, context) => setTimeout(() => context.succeed(), 20)` returns a timer. Waiting for the
 * event loop would hold a result for as long as an export to a hanging collector has its socket open.
 *
 * `context.callbackWaitsForEmptyEventLoop` makes no difference: the response of a promise is sent when it is there.
 *
 * Sources: aws-lambda-ric 3.3, `CallbackContext` and `Runtime`; client 4 has none of this except promises.
 */
export function promisified(handler: AnyFunction, self: unknown, args: readonly unknown[]): Promise<unknown> {
  let release: (() => void) | undefined
  const settled = new Promise<unknown>((resolve, reject) => {
    // Not every falsy value means that there is no error: the runtime takes `''` and `false` for errors.
    const done = (error?: unknown, result?: unknown) => (error === undefined || error === null ? resolve(result) : reject(error))
    const [event, context, third, ...rest] = args
    const returned = Reflect.apply(handler, self, [event, withSettlers(context, { succeed: resolve, fail: reject, done }), isCallback(third) ? done : third, ...rest])
    // Not `resolve(returned)`: `settled` would then stand for that promise, and a callback could no longer come before it.
    if (isThenable(returned)) return void returned.then(resolve, reject)
    if (!waits(handler, args, returned)) return resolve(returned)
    release = () => resolve(undefined)
  })
  return release ? untilEmpty(settled, release) : settled
}

/** Whether the third argument is a callback, or is missing where a callback should be. Middy passes `{ signal }` there. */
const isCallback = (third: unknown): boolean => third === undefined || typeof third === 'function'

/**
 * Whether a handler that has not returned a promise may still be at work. A handler with a third parameter may. A handler with
 * fewer may only if it has no result, and if the runtime itself called it, with a context that can end invocations. The number of
 * parameters does not decide there, because `arguments`, `...rest` and defaults do not count as parameters. Local callers, tests
 * and wrappers pass contexts that look the same, and expect a result at once.
 */
const waits = (handler: AnyFunction, [, context, callback]: readonly unknown[], returned: unknown): boolean =>
  (handler.length > 2 && isCallback(callback)) ||
  ((returned === undefined || isHandle(returned)) && typeof callback === 'function' && hasSettlers(context) && environment('AWS_LAMBDA_RUNTIME_API') !== undefined)

/** Whether something is a timer, a socket, or anything else that keeps the event loop going. None of these is a response. */
const isHandle = (value: unknown): boolean => hasMethod(value, 'unref')

/**
 * Copies the context, with `settlers` in place of its own methods to end an invocation: the runtime uses its own to answer, once
 * the wrapped handler has settled. Reads see the copy alone. What a handler writes is also written to the original, for whoever
 * has passed that, such as a middleware.
 */
function withSettlers(context: unknown, settlers: Settlers): unknown {
  if (!hasSettlers(context)) return context
  const own = Object.getOwnPropertyDescriptors(context)
  // Merged as descriptors: properties copied from a frozen context could not be defined again.
  const copy = Object.create(Object.getPrototypeOf(context), { ...own, ...Object.getOwnPropertyDescriptors(settlers) }) as object
  const isOurs = (key: PropertyKey): boolean => Object.hasOwn(settlers, key)
  return new Proxy(copy, {
    // Every write ends up here. A `succeed` of the handler's own must not become the one that the runtime answers with.
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
