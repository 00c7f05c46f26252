/**
 * Requests by way of Hono's adapters for AWS Lambda, with no wrap around: the sandbox is frozen when they have been answered.
 *
 * @module
 */
import { AWAIT } from '../../core/finish.ts'
import { describeRequest } from '../../web/request.ts'
import { streaming } from '../../web/streaming.ts'
import type { HonoContext } from './context.ts'
import type { Place, Settings } from './platform.ts'

/** AWS Lambda's context, as far as it is used. */
interface LambdaContextLike {
  readonly awsRequestId?: unknown
  getRemainingTimeInMillis(): number
}

/** Milliseconds before the function's timeout by which the flush is over, so that the response can still be sent. */
const MARGIN_MS = 50

const OUTSIDE = "from inside of Hono's adapter; `withTelemetry(handle(app))` of 'flushed/lambda' can"

/** The context that `handle`, `streamHandle` or `hono/lambda-edge` hand to an application among its bindings. */
export function lambdaOf({ env }: HonoContext): LambdaContextLike | undefined {
  const { lambdaContext, context } = (env ?? {}) as { lambdaContext?: unknown; context?: unknown }
  return isLambda(lambdaContext) ? lambdaContext : isLambda(context) ? context : undefined
}

const isLambda = (value: unknown): value is LambdaContextLike =>
  typeof (value as Partial<LambdaContextLike> | undefined | null)?.getRemainingTimeInMillis === 'function'

export function onLambda(context: LambdaContextLike, { idleMs }: Settings, c: HonoContext): Place {
  return {
    describe(_args, active) {
      const description = describeRequest(c.req.raw, active)
      if (typeof context.awsRequestId === 'string') description.attributes['faas.invocation_id'] = context.awsRequestId
      return description
    },
    remainingMs: () => context.getRemainingTimeInMillis() - MARGIN_MS,
    lifetime: () => ({ ...AWAIT, reason: OUTSIDE }),
    ...streaming(idleMs, () => false, () => c.req.raw),
  }
}
