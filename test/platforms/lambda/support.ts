import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { describe as describeInvocation } from '../../../src/platforms/lambda/describe.ts'
import type { Description } from '../../../src/platforms/lambda/description.ts'
import { context } from './events/context.ts'

/**
 * Describes an invocation of the sample function.
 *
 * @param active the context that is active around the handler
 * @param clientContext what the caller of a direct invocation has passed beside the event
 */
export function described(event: unknown, active: Context = ROOT_CONTEXT, clientContext?: unknown): Description {
  return describeInvocation(event, { ...context, clientContext }, { active })
}
