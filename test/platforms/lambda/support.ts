import { ROOT_CONTEXT } from '@opentelemetry/api'
import { describe as describeInvocation } from '../../../src/platforms/lambda/describe.ts'
import type { Description } from '../../../src/platforms/lambda/description.ts'
import { context } from './events/context.ts'

/** Describes an invocation of the sample function. */
export function described(event: unknown): Description {
  return describeInvocation(event, context, { active: ROOT_CONTEXT })
}
