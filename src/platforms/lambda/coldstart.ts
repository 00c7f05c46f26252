import { managedInstance } from '../../server/managed.ts'

/**
 * Milliseconds after init up to which a first invocation counts as a cold start. Lambda sometimes initialises an environment
 * ahead of need. On demand, the first invocation follows at once; if it comes later than this, nobody waited for the init.
 */
const PROACTIVE_AFTER_MS = 10_000

// Per isolate, as a cold start is. Module load is the closest thing to the end of init that code can see.
let waiting = true
let initializedAt = Date.now()

/**
 * Whether the calling invocation is a cold start, for `faas.coldstart`. Only the first call may return `true`.
 *
 * The conventions only say "executed for the first time", so the platform decides what counts:
 * - `provisioned-concurrency` and Managed Instances initialise before any request: never cold.
 * - `snap-start` initialised when the version was published and is restored when a request needs it: the first
 *   invocation is cold, however old the snapshot.
 * - otherwise cold, unless init was over more than ten seconds before (proactive initialisation).
 *
 * Sources: FaaS spans (`faas.coldstart`); AWS Lambda, "Defined runtime environment variables"
 * (`AWS_LAMBDA_INITIALIZATION_TYPE`).
 */
export function coldStart(now: () => number = Date.now): boolean {
  if (!waiting) return false
  waiting = false
  if (managedInstance()) return false
  switch (process.env['AWS_LAMBDA_INITIALIZATION_TYPE']) {
    case 'provisioned-concurrency':
      return false
    case 'snap-start':
      return true
    default:
      return now() - initializedAt <= PROACTIVE_AFTER_MS
  }
}

/** Makes this isolate new again, initialised at `at`. For tests. */
export function resetColdStart(at: number = Date.now()): void {
  waiting = true
  initializedAt = at
}
