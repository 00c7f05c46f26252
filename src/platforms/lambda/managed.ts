import { toError } from '../../core/errors.ts'
import type { Config } from '../../core/options.ts'
import type { Finish, Lifetime } from '../../core/types.ts'

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
    // The runtime client waits for one `setImmediate` after the handler and posts the response in blocking native code.
    setImmediate(() => setImmediate(() => void concluded(finish)))
  },
}

async function concluded(finish: Finish): Promise<void> {
  try {
    await finish()
  } catch (thrown) {
    // A flush reports what goes wrong, and does not throw; but here a rejection would fail somebody else's request.
    console.warn(`flushed: the flush failed: ${toError(thrown).message}`)
  }
}
