import { SpanKind } from '@opentelemetry/api'
import type { Attributes, Context } from '@opentelemetry/api'
import { FAAS_COLDSTART, FAAS_INVOCATION_ID, FAAS_TRIGGER } from './attributes.ts'
import { coldStart } from './coldstart.ts'
import type { Description, LambdaContextLike } from './description.ts'
import { isBag } from './events.ts'
import { identify } from './identity.ts'
import { carriedBy, parentOf } from './parent.ts'
import { describeTrigger } from './trigger.ts'

interface DescribeOptions {
  /** The context the wrapped handler was called in. */
  readonly active: Context
  /** The clock, for the cold start. */
  readonly now?: () => number
}

/**
 * Describes the root span of one invocation. Never throws: whatever cannot be read is left out, and an event that
 * throws when it is read is treated as a plain one (`faas.trigger` = `other`).
 *
 * Sources: FaaS spans ("Incoming FaaS span attributes"), AWS Lambda spans ("All triggers": a SERVER span named after
 * the function, unless the trigger has a rule of its own).
 */
export function describe(
  event: unknown,
  context: LambdaContextLike | null | undefined,
  options: DescribeOptions,
): Description {
  const cold = coldStart(options.now)
  let draft = plain(context, options.active, cold)
  try {
    if (isBag(event)) describeTrigger(draft, event)
  } catch {
    // Half a description would be a wrong one.
    draft = plain(context, options.active, cold)
  }
  if (!isRequest(draft)) draft.parent = parentOf(carriedBy(context), options.active)
  return draft
}

/** Whether the event may have headers. If so, the parent has already been looked for in them. */
const isRequest = ({ trigger, source }: Description): boolean => trigger === 'http' || source === 'authorizer'

function plain(context: LambdaContextLike | null | undefined, active: Context, cold: boolean): Description {
  let name = 'lambda'
  let attributes: Attributes = { [FAAS_TRIGGER]: 'other', [FAAS_COLDSTART]: cold }
  let constant: Attributes | undefined
  try {
    ;({ name, attributes: constant } = identify(context))
    const id: unknown = context?.awsRequestId
    if (typeof id === 'string') attributes = { [FAAS_INVOCATION_ID]: id, [FAAS_TRIGGER]: 'other', [FAAS_COLDSTART]: cold }
  } catch {
    // A context whose getters throw leaves the function without a name.
  }
  return {
    name,
    kind: SpanKind.SERVER,
    attributes,
    constant,
    links: [],
    parent: active,
    trigger: 'other',
    source: 'unknown',
    batchSize: 0,
  }
}
