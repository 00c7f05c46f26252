import { toError } from '../../core/errors.ts'
import type { Config } from '../../core/options.ts'
import type { Lifetime } from '../../core/platform.ts'
import { afterResponse } from './extension/timing.ts'

/**
 * Whether this is an environment of Lambda Managed Instances. It takes many invocations at once, in several threads and
 * in each of them, and is never frozen, so that a flush needs nobody to hold the sandbox for it. Internal extensions may
 * register for no event there.
 *
 * Sources: AWS Lambda developer guide, "Understanding the Lambda Managed Instances execution environment"; runtime client
 * 4, which goes by the first of the two variables alone.
 */
export const managedInstance = (): boolean =>
  process.env['AWS_LAMBDA_MAX_CONCURRENCY'] !== undefined ||
  process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'lambda-managed-instances'

/** Whether the flush takes place after the response, because this environment goes on running. */
export const goesOn = (flush: Config['flush']): boolean => flush !== 'before-response' && managedInstance()

/** Flushes after the response, and holds nothing. */
export const goingOn: Lifetime = {
  phase: 'after-response',
  hold(finish) {
    void afterResponse().then(finish).catch((thrown: unknown) => {
      // A flush reports what goes wrong, and does not throw; but here a rejection would fail somebody else's request.
      console.warn(`flushed: the flush failed: ${toError(thrown).message}`)
    })
  },
}
