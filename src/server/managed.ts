import { environment } from '../core/environment.ts'

/**
 * Whether this is an environment of Lambda Managed Instances. It takes many invocations at once, in several threads and
 * in each of them, and is never frozen, so that a flush needs nobody to hold the sandbox for it. Internal extensions may
 * register for no event there.
 *
 * Sources: AWS Lambda developer guide, "Understanding the Lambda Managed Instances execution environment"; runtime client
 * 4, which goes by the first of the two variables alone.
 */
export const managedInstance = (): boolean =>
  environment('AWS_LAMBDA_MAX_CONCURRENCY') !== undefined || environment('AWS_LAMBDA_INITIALIZATION_TYPE') === 'lambda-managed-instances'
