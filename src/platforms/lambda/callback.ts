/**
 * Callback-style handlers, promisified.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks'
import type { AnyFunction } from '../../core/layer.ts'
import { environment } from '../../core/environment.ts'
import { isThenable } from '../../core/stage.ts'
import { kindOf } from './arguments.ts'

/** The ways to end an invocation that a runtime's context has, up to Node 22. */
interface Settlers {
  succeed(result?: unknown): void
  fail(error?: unknown): void
  done(error?: unknown, result?: unknown): void
}

/** Whether a call may end by something other than what the handler returns. */
export const callbackStyle = (handler: AnyFunction, context: unknown): boolean =>
  handler.length > 2 || hasSettlers(context)

/** How many asynchronous operations have been begun: what the thread pool is at work on is no active resource. */
const asyncIds = (): number => new AsyncResource('flushed').asyncId()
/** The two that are between two looks at that, of which one is the look itself. */
const OWN_IDS = 2

/** Whether the event loop would wait for nothing any more, besides what the process writes its logs to. */
const nothingLeft = (): boolean => process.getActiveResourcesInfo().every((name) => name === 'PipeWrap' || name === 'TTYWrap')

/** Ends those that nothing but the end of the process would. One listener for all: many at once are no leak. */
const waiting = new Set<() => void>()
const releaseAll = (): void => waiting.forEach((release) => release())

const hasSettlers = (context: unknown): boolean => kindOf(context, 'succeed') === 'function'

/**
 * Calls a handler, with a callback and with a context whose `succeed`, `fail` and `done` lead here, so that nothing is
 * answered before the telemetry is flushed. Whatever comes first counts, as in the runtime: a call of one of those, the
 * promise that the handler has returned, what it throws.
 *
 * A handler that comes to nothing of that is over when the event loop is empty, with no result.
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
    const [event, context, , ...rest] = args
    const before = asyncIds()
    const returned = Reflect.apply(handler, self, [event, withSettlers(context, { succeed: resolve, fail: reject, done }), done, ...rest])
    // Not `resolve(returned)`: nothing could come before a promise that `settled` already stands for.
    if (isThenable(returned)) return void returned.then(resolve, reject)
    if (!waits(handler, context, returned)) return resolve(returned)
    release = () => resolve(undefined)
    if (waiting.size === 0) process.on('beforeExit', releaseAll)
    waiting.add(release)
    // By then client 3 has answered by itself, and does not wait for a flush. So whoever has left nothing is over now. Nearly
    // everybody who takes no callback is, whatever else has begun meanwhile.
    const mayCallBack = () => handler.length > 2 && asyncIds() - before > OWN_IDS
    setImmediate(() => void (nothingLeft() && !mayCallBack() && resolve(undefined)))
  })
  if (!release) return settled
  const listener: () => void = release
  return settled.finally(() => {
    waiting.delete(listener)
    if (waiting.size === 0) process.off('beforeExit', releaseAll)
  })
}

/**
 * Whether a handler that has returned may still be at work. With a third parameter it may; with less, only in a runtime
 * whose context can end invocations, and not if the event is all that the handler takes. The runtime itself: local
 * callers and tests pass contexts that look the same, and wait for a result at once.
 */
const waits = (handler: AnyFunction, context: unknown, returned: unknown): boolean =>
  handler.length > 2 ||
  (returned === undefined && handler.length === 2 && hasSettlers(context) && environment('AWS_LAMBDA_RUNTIME_API') !== undefined)

// A copy: the runtime itself uses the original's functions to send what the wrapped handler comes to.
function withSettlers(context: unknown, settlers: Settlers): unknown {
  if (!hasSettlers(context)) return context
  const own = Object.getOwnPropertyDescriptors(context)
  // Into the descriptors: those of a frozen context cannot be defined anew.
  return Object.create(Object.getPrototypeOf(context), { ...own, ...Object.getOwnPropertyDescriptors(settlers) })
}
