import { CHECKS, checkOptions } from '../core/options.ts'
import { stopped } from '../core/errors.ts'
import type { FlushReport } from '../core/types.ts'
import { drainAll } from './watch.ts'

/** The default, in milliseconds: less than the ten seconds after which Docker and Cloud Run stop a process for good. */
const DRAIN_MS = 8000

/** Options of draining. */
export interface DrainOptions {
  /**
   * Milliseconds that draining may take: waiting for requests in flight, and the last flush, for which `timeoutMs` of them,
   * but at most half, are reserved. The spans of requests that are still in flight after the wait are ended, but the requests are
   * not cut.
   *
   * @default 8000
   */
  drainMs?: number | undefined
}

const DRAIN = { drainMs: CHECKS.timeoutMs }

/** Checks `drainMs`, and returns it or its default. @throws TypeError quoting the value */
export function drainMsOf({ drainMs = DRAIN_MS }: DrainOptions): number {
  checkOptions({ drainMs }, DRAIN)
  return drainMs
}

/**
 * Waits until the requests in flight are over and all telemetry of this process's servers has been acknowledged, or has been
 * reported as not acknowledged, within `drainMs`. Never rejects.
 *
 * Call it in signal handlers of your own that end the process: nothing can be sent once the process has been told to exit.
 *
 * If a drain is already under way, as after a signal, this one waits for that one: for what is left of its time, or for `drainMs`
 * from now if that is less. A last flush that has begun keeps its `timeoutMs`.
 *
 * @returns the report of each last flush, one for each wrap that has had a request
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * process.once('SIGTERM', () => server.close(async () => {
 *   await drain()
 *   process.exit(0)
 * }))
 */
export function drain(options: DrainOptions = {}): Promise<FlushReport[]> {
  checkOptions(options, DRAIN)
  return drainAll(stopped('drain'), options.drainMs)
}
