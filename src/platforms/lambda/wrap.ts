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

/** What Lambda calls a handler with, which may declare less. */
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
   * Milliseconds before the function's timeout at which an invocation that has not settled is ended and flushed, with an
   * error on its open spans that says so, and `currentInvocation().signal` is aborted. The handler goes on: if it settles
   * in time after all, its result stands, and what it has recorded since counts as late. `false` switches it off.
   *
   * @default 500, or a tenth of the time the invocation has, whichever is less
   */
  earlyTimeoutMs?: number | false | undefined
  /**
   * How often to flush: at the end of `'every'` invocation, or less often, which takes fewer requests and holds the
   * sandbox for less time. `{ everyMs }` and `{ everyInvocations }` say how seldom. `'adaptive'` flushes at the end of
   * each while traffic is sparse; when each invocation follows within a second of the last, at the start of the next one,
   * beside its handler. Spans that are left wait in memory, and go with the next flush, with the flush at the
   * environment's shutdown, or as soon as there are enough for a batch.
   *
   * Anything but `'every'` needs `flushed/lambda/register`: nothing else is told of the shutdown.
   *
   * @default 'every'
   */
  policy?: Policy | undefined
  /**
   * Whether flushing pauses when every flush of the last ten seconds has timed out. Spans are kept meanwhile, up to
   * `maxQueueSize`, and a flush probes after five seconds, then ten, and so on up to a minute.
   *
   * @default true
   */
  circuitBreaker?: boolean | undefined
}

const OWN = ['marginMs', 'earlyTimeoutMs', 'policy', 'circuitBreaker'] as const

/**
 * The type of a wrapped handler: the handler's own. One that returns no promise gets a type that does, and of a
 * callback-style one, that resolves to what its callback takes.
 */
export type LambdaWrapped<H extends AnyFunction> = [Extract<ReturnType<H>, PromiseLike<unknown>>] extends [never]
  ? Extract<Parameters<H>[2], AnyFunction> extends infer C extends AnyFunction
    ? [C] extends [never]
      ? Wrapped<H>
      : ((this: ThisParameterType<H>, event: Parameters<H>[0], context: Parameters<H>[1]) => Promise<Exclude<Parameters<C>[1], undefined>>) & OwnOf<H>
    : never
  : H

/** {@link withTelemetry} as a layer: by itself it tells the wrapped handler's type; in a `stack` it is a layer. */
export type LambdaLayer = (<H extends AnyFunction>(handler: H) => LambdaWrapped<H>) & Layer

/**
 * Wraps a handler of AWS Lambda. Its root span is named and attributed by the semantic conventions for FaaS, HTTP and
 * messaging, after what the event is; its flush is over, acknowledged or reported, before the sandbox can freeze.
 *
 * The handler's own result or error is what Lambda gets, whatever the flush did.
 *
 * A streaming handler is wrapped inside `awslambda.streamifyResponse` or around it. Its root span ends when its response
 * stream does, and it is flushed after that, when the caller has all of it. The status it sends is not known.
 *
 * A callback-style handler becomes an asynchronous one: with `callback`, or `context.succeed`, `fail` or `done`, its
 * promise settles, and `context.callbackWaitsForEmptyEventLoop` makes no difference any more. What is to go on after the
 * response is a matter for `waitUntil`. Such handlers work on Node 24 again.
 *
 * @throws TypeError when `handler` is no function or an option is unknown or has a bad value
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
 * The same as a layer, for `stack`: `telemetry(options)(handler)` is `withTelemetry(handler, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * export const handler = stack(telemetry({ timeoutMs: 500 }), validated)(async (event: SQSEvent) => { … })
 */
export function telemetry(options?: LambdaOptions<never>): LambdaLayer {
  const { config, platform } = onLambda(options)
  const layer = wrapLayer(config, platform)
  return ((handler: AnyFunction) => chainable(layer(handler), handler)) as LambdaLayer
}

/** What a wrap and a middleware on Lambda are made of: checked options, and the platform. */
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
