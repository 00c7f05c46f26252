import type { Attributes } from '@opentelemetry/api'
import { AWS_LAMBDA_INVOKED_ARN, CLOUD_ACCOUNT_ID, CLOUD_REGION, CLOUD_RESOURCE_ID } from './attributes.ts'
import type { LambdaContextLike } from './description.ts'
import { text } from './events.ts'

/** What stays the same for all invocations through one ARN. */
interface Identity {
  readonly name: string
  readonly attributes: Attributes
}

interface Remembered extends Identity {
  readonly arn: unknown
  readonly version: unknown
  readonly functionName: unknown
}

// One entry is enough: an environment serves one function version, and seldom through more than one alias.
let last: Remembered | undefined

/**
 * The function's name and its cloud attributes. The last answer is kept, because invocations of one environment almost
 * always come through the same ARN.
 *
 * Source: AWS Lambda spans (`cloud.account.id` is the fifth field of the ARN), cloud registry.
 */
export function identify(context: LambdaContextLike | null | undefined): Identity {
  const arn: unknown = context?.invokedFunctionArn
  const version: unknown = context?.functionVersion
  const functionName: unknown = context?.functionName
  if (last !== undefined && last.arn === arn && last.version === version && last.functionName === functionName) {
    return last
  }
  const fields = typeof arn === 'string' ? arn.split(':') : []
  const name = text(functionName) ?? text(process.env['AWS_LAMBDA_FUNCTION_NAME']) ?? text(fields[6]) ?? 'lambda'
  const attributes: Attributes = {}
  const region = text(fields[3]) ?? text(process.env['AWS_REGION'])
  if (region !== undefined) attributes[CLOUD_REGION] = region
  if (typeof arn === 'string' && fields.length >= 7) {
    attributes[CLOUD_RESOURCE_ID] = resourceId(fields, text(version))
    attributes[AWS_LAMBDA_INVOKED_ARN] = arn
    if (text(fields[4]) !== undefined) attributes[CLOUD_ACCOUNT_ID] = fields[4]
  }
  last = { arn, version, functionName, name, attributes }
  return last
}

/**
 * The function's `cloud.resource_id`: its ARN, where the version replaces an alias at the end, because one environment may be
 * reached through several aliases. An ARN that ends in a version has it already, and one without a qualifier has no alias to
 * resolve, so both stay as they are.
 *
 * Source: cloud registry, `cloud.resource_id`, AWS Lambda.
 */
function resourceId(fields: readonly string[], version: string | undefined): string {
  const qualifier = fields[7]
  const unqualified = fields.slice(0, 7).join(':')
  if (qualifier === undefined) return unqualified
  // Without a version to replace the alias, the ARN still names the right function when the alias is left out.
  return version === undefined ? unqualified : `${unqualified}:${version}`
}
