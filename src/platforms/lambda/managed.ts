import { toError } from '../../core/errors.ts'
import type { Config } from '../../core/options.ts'
import type { Lifetime } from '../../core/platform.ts'
import { managedInstance } from '../../server/managed.ts'
import { afterResponse } from './extension/timing.ts'

/** Whether the flush takes place after the response, because this environment goes on running. */
export const goesOn = (flush: Config['flush']): boolean => flush !== 'before-response' && managedInstance()

/** Flushes after the response, and holds nothing. */
export const goingOn: Lifetime = {
  phase: 'after-response',
  hold(finish) {
    void afterResponse().then(finish).catch((thrown: unknown) => {
      // A flush reports what goes wrong, and does not throw. If it did, the rejection would fail another request here.
      console.warn(`flushed: the flush failed: ${toError(thrown).message}`)
    })
  },
}
