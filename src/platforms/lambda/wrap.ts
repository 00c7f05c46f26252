import { invalidOption } from '../../core/errors.ts'
import type { AnyFunction, Layer } from '../../core/layer.ts'
import type { Wrap } from '../../core/lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from '../../core/options.ts'
import { type OwnOf, type Wrapped, wrapLayer } from '../../core/with-telemetry.ts'
import { chainable } from './chain.ts'
import { lambda } from './platform.ts'
import { type Policy, Schedule, checkPolicy } from './policy.ts'
import { MARGIN_MS } from '../../core/remaining.ts'
import { flushAtShutdown } from './shutdown.ts'

/** The arguments that Lambda calls a handler with. A handler may declare fewer. */
type Called<Args extends readonly unknown[]> = Args extends []
  ? Args
  : Args extends [event?: infer Event]
    ? // oxlint-disable-next-line typescript/no-explicit-any -- `Context` of `@types/aws-lambda`, which is no dependency
      [event: Event, context: any]
    : Args

/** Options of a handler on AWS Lambda. */
export interface LambdaOptions<Args extends readonly unknown[] = []> extends TelemetryOptions<Called<Args>> {
  /**
   * Milliseconds before the function's timeout by which a flush must be over, so that the response can still be sent.
   *
   * @default 50
   */
  marginMs?: number | undefined
  /**
   * Milliseconds before the function's timeout at which an invocation that has not settled is ended and flushed.
   *
   * Its open spans get an error that says so, and `currentInvocation().signal` is aborted. The handler goes on: if it still
   * settles in time, its result stands, and what it has recorded since then counts as late. `false` switches this off.
   *
   * @default 500, or a tenth of the time the invocation has, whichever is less; on Managed Instances `false`
   */
  earlyTimeoutMs?: number | false | undefined
  /**
   * How often to flush: at the end of `'every'` invocation, or less often, which takes fewer requests and holds the sandbox for
   * less time.
   *
   * `{ everyMs }` and `{ everyInvocations }` say how seldom. `'adaptive'` flushes at the end of each invocation while traffic is
   * sparse. When each invocation follows within a second of the last, it flushes at the start of the next one, beside the
   * handler. Spans that have not been flushed wait in memory. They go with the next flush, with the flush at the environment's
   * shutdown, or as soon as there are enough for a batch.
   *
   * Anything but `'every'` needs `flushed/lambda/register`: only a registered extension is told of the shutdown.
   *
   * @default 'every'
   */
  policy?: Policy | undefined
  /**
   * Whether flushing pauses when every flush of the last ten seconds has timed out. Spans are kept meanwhile, up to
   * `maxQueueSize`. A flush probes after five seconds, then after ten, and so on up to a minute.
   *
   * @default true
   */
  circuitBreaker?: boolean | undefined
}

const OWN = ['marginMs', 'earlyTimeoutMs', 'policy', 'circuitBreaker'] as const

/**
 * The type of a wrapped handler: the handler's own. A handler that returns no promise gets a type that does. For a callback-style
 * handler, that promise resolves to what its callback takes.
 */
export type LambdaWrapped<H extends AnyFunction> = [Extract<ReturnType<H>, PromiseLike<unknown>>] extends [never]
  ? Extract<Parameters<H>[2], AnyFunction> extends infer C extends AnyFunction
    ? [C] extends [never]
      ? Wrapped<H>
      : ((this: ThisParameterType<H>, event: Parameters<H>[0], context: Parameters<H>[1]) => Promise<Exclude<Parameters<C>[1], undefined>>) & OwnOf<H>
    : never
  : H

/** {@link withTelemetry} as a layer. Called by itself, it gives the type of the wrapped handler; in a `stack`, it is a layer. */
export type LambdaLayer = (<H extends AnyFunction>(handler: H) => LambdaWrapped<H>) & Layer

/**
 * Wraps an AWS Lambda handler. Its flush is over, acknowledged or reported, before the sandbox can freeze.
 *
 * The root span gets its name and its attributes from the semantic conventions for FaaS, HTTP and messaging, depending on the
 * event. Lambda gets the handler's own result or error, whatever the flush did.
 *
 * Wrap a streaming handler inside `awslambda.streamifyResponse` or around it. Its root span ends when its response stream ends.
 * It is flushed after that, when the caller has the whole response. The status that it sends is not known.
 *
 * A callback-style handler becomes an asynchronous one: its promise settles with `callback`, or with `context.succeed`, `fail` or
 * `done`, and `context.callbackWaitsForEmptyEventLoop` no longer makes a difference. Use `waitUntil` for work that is to go on
 * after the response. Such handlers work on Node 24 again.
 *
 * @throws TypeError if `handler` is not a function, or if an option is unknown or has a bad value
 *
 * @example
 * export const handler = withTelemetry(async (event: APIGatewayProxyEventV2) => {
 *   return { statusCode: 200 }
 * }, { telemetry, timeoutMs: 1000 })
 */
export function withTelemetry<H extends AnyFunction>(handler: H, options?: LambdaOptions<Parameters<H>>): LambdaWrapped<H> {
  return telemetry(options)(handler)
}

/**
 * Makes a layer for `stack`: `telemetry(options)(handler)` is the same as `withTelemetry(handler, options)`.
 *
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * export const handler = stack(telemetry({ timeoutMs: 500 }), validated)(async (event: SQSEvent) => { … })
 */
export function telemetry(options?: LambdaOptions<never>): LambdaLayer {
  const { config, platform } = onLambda(options)
  const layer = wrapLayer(config, platform)
  return ((handler: AnyFunction) => chainable(layer(handler), handler)) as LambdaLayer
}

/** Checks the options, and makes the wrap of `withTelemetry`, or of a middleware for middy. */
export function onLambda(options: LambdaOptions<never> = {}): Wrap {
  const config = resolveOptions(options, OWN)
  const { marginMs = MARGIN_MS, earlyTimeoutMs, policy = 'every', circuitBreaker = true } = options
  if (!isMs(marginMs)) throw invalidOption('marginMs', marginMs, 'a number of milliseconds')
  if (earlyTimeoutMs !== undefined && earlyTimeoutMs !== false && !isMs(earlyTimeoutMs)) {
    throw invalidOption('earlyTimeoutMs', earlyTimeoutMs, 'a number of milliseconds or `false`')
  }
  if (typeof circuitBreaker !== 'boolean') throw invalidOption('circuitBreaker', circuitBreaker, '`true` or `false`')
  checkPolicy(policy)
  const schedule = new Schedule(policy, circuitBreaker, () => wrap)
  const wrap: Wrap = { config, platform: lambda({ flush: config.flush, marginMs, earlyTimeoutMs, schedule }) }
  flushAtShutdown(wrap)
  return wrap
}

const isMs = (value: unknown): boolean => typeof value === 'number' && value >= 0 && Number.isFinite(value)
