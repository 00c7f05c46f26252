/**
 * Requests through Hono's adapters for AWS Lambda, without a wrap around them: Lambda freezes the sandbox after the answer.
 *
 * @module
 */
import { AWAIT } from '../../core/finish.ts'
import { MARGIN_MS, type TimedContext, isLambdaContext, leftAtFirstMs, leftMs } from '../../core/remaining.ts'
import { describeRequest } from '../../web/request.ts'
import { streaming } from '../../web/streaming.ts'
import type { HonoContext } from './context.ts'
import type { Place, Settings } from './platform.ts'

const OUTSIDE = "from inside of Hono's adapter; `withTelemetry(handle(app))` of 'flushed/lambda' can"

/** The Lambda context that `handle`, `streamHandle` or `hono/lambda-edge` pass to the application among its bindings. */
export function lambdaOf({ env }: HonoContext): TimedContext | undefined {
  const { lambdaContext, context } = (env ?? {}) as { lambdaContext?: unknown; context?: unknown }
  return isLambdaContext(lambdaContext) ? lambdaContext : isLambdaContext(context) ? context : undefined
}

export function onLambda(context: TimedContext, { idleMs }: Settings, c: HonoContext): Place {
  return {
    describe(_args, active) {
      const description = describeRequest(c.req.raw, active)
      if (typeof context.awsRequestId === 'string') description.attributes['faas.invocation_id'] = context.awsRequestId
      return description
    },
    begun: () => void leftAtFirstMs(context),
    remainingMs: () => leftMs(context) - MARGIN_MS,
    lifetime: () => ({ ...AWAIT, reason: OUTSIDE }),
    ...streaming(idleMs, () => false, () => c.req.raw),
  }
}
