import type { Context as LambdaContext } from 'aws-lambda'
import { invalidOption } from '../../core/errors.ts'
import type { AnyFunction } from '../../core/layer.ts'
import { type Config, type TelemetryOptions, resolveOptions } from '../../core/options.ts'
import type { Platform } from '../../core/types.ts'
import { type WrapLayer, type Wrapped, wrapLayer } from '../../core/with-telemetry.ts'
import { untraced } from '../../otel/flight.ts'
import { describe } from './describe.ts'
import type { Description } from './description.ts'
import { lifetime } from './extension/lifetime.ts'
import { shared } from './extension/state.ts'
import { reflect } from './result.ts'

/** Options of a handler on AWS Lambda. */
export interface LambdaOptions<Args extends readonly unknown[] = readonly never[]> extends TelemetryOptions<Args> {
  /**
   * Milliseconds before the function's timeout by which a flush must be over, so that the response can still be sent.
   *
   * @default 50
   */
  marginMs?: number | undefined
}

const DEFAULT_MARGIN_MS = 50

type LambdaArgs = readonly [event: unknown, context?: LambdaContext]

function lambda(marginMs: number, flush: Config['flush']): Platform<LambdaArgs> {
  shared.untraced ??= untraced
  return {
    name: 'lambda',
    describe: ([event, context], active) => describe(event, context, { active }),
    reflect: (root, description: Description, result) => reflect(root, description, result),
    begun: ([, context]) => {
      if (context?.awsRequestId !== undefined) shared.extension?.begun(context.awsRequestId)
    },
    lifetime: ([, context]) => lifetime(flush, context?.awsRequestId),
    remainingMs: ([, context]) => {
      // Local runners and tests pass contexts that cannot tell, or that answer nonsense.
      const remainingMs = Number(context?.getRemainingTimeInMillis?.())
      return Number.isNaN(remainingMs) ? Infinity : remainingMs - marginMs
    },
  }
}

/**
 * Wraps a handler of AWS Lambda. Its root span is named and attributed by the semantic conventions for FaaS, HTTP and
 * messaging, after what the event is; its flush is over, acknowledged or reported, before the sandbox can freeze.
 *
 * The handler's own result or error is what Lambda gets, whatever the flush did.
 *
 * @throws TypeError when `handler` is no function or an option is unknown or has a bad value
 *
 * @example
 * export const handler = withTelemetry(async (event: APIGatewayProxyEventV2) => {
 *   return { statusCode: 200 }
 * }, { telemetry, timeoutMs: 1000 })
 */
export function withTelemetry<H extends AnyFunction>(handler: H, options?: LambdaOptions<Parameters<H>>): Wrapped<H> {
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
export function telemetry(options: LambdaOptions<never> = {}): WrapLayer {
  const config = resolveOptions(options, ['marginMs'])
  const { marginMs = DEFAULT_MARGIN_MS } = options
  if (!(marginMs >= 0 && Number.isFinite(marginMs))) throw invalidOption('marginMs', marginMs, 'a number of milliseconds')
  return wrapLayer(config, lambda(marginMs, config.flush))
}
