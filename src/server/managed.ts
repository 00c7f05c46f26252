import { environment } from '../core/environment.ts'

/** Whether Lambda's runtime client is in this process, and makes a global of its own. Then an adapter is here as well, if there is one. */
export const inRuntime = (): boolean => 'awslambda' in globalThis

/**
 * Whether this is an environment of Lambda Managed Instances. Such an environment runs several threads, takes many
 * invocations at once in each of them, and is never frozen, so a flush needs nobody to hold the sandbox. Internal extensions cannot
 * register for any event there.
 *
 * Sources: AWS Lambda developer guide, "Understanding the Lambda Managed Instances execution environment"; runtime client
 * 4, which looks only at the first of the two variables.
 */
export const managedInstance = (): boolean =>
  environment('AWS_LAMBDA_MAX_CONCURRENCY') !== undefined || environment('AWS_LAMBDA_INITIALIZATION_TYPE') === 'lambda-managed-instances'
