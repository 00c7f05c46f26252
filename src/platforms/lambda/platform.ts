import { alarms, clearAlarm, setAlarm } from '../../core/alarm.ts'
import { endEarly } from '../../core/early.ts'
import { aboutToTimeOut } from '../../core/errors.ts'
import { AWAIT } from '../../core/finish.ts'
import type { InvocationState } from '../../core/invocation.ts'
import { once } from '../../core/isolate.ts'
import type { Config } from '../../core/options.ts'
import { untraced } from '../../core/suppress.ts'
import type { Lifetime, Platform } from '../../core/platform.ts'
import { managedInstance } from '../../server/managed.ts'
import { adapted } from './adapted.ts'
import { type LambdaArgs, contextOf, isInsideExecution, responseStreamOf } from './arguments.ts'
import { describe } from './describe.ts'
import type { Description } from './description.ts'
import { lifetime } from './extension/lifetime.ts'
import { shared } from '../../server/extension.ts'
import { goesOn, goingOn } from './managed.ts'
import type { Schedule } from './policy.ts'
import { leftAtFirstMs, leftMs } from '../../core/remaining.ts'
import { reflect } from './result.ts'
import { watchSigterm } from './shutdown.ts'
import { streamLifetime } from './streaming.ts'
import { thawed } from './thaw.ts'

/** Lambda's own options, checked and complete. */
export interface Settings {
  readonly flush: Config['flush']
  readonly marginMs: number
  /** `undefined` means the default, which depends on the time that an invocation has. */
  readonly earlyTimeoutMs: number | false | undefined
  readonly schedule: Schedule
}

/** Lambda's longest timeout, in milliseconds. What takes longer never ends, and must not keep its invocation. */
const LONGEST_MS = 15 * 60_000

const INSIDE =
  'flushed: `withTelemetry` is inside `withDurableExecution`, where an invocation that is suspended never settles, and loses its spans; wrap what `withDurableExecution` returns'

const EARLY = { mostMs: 500, share: 0.1 }

/** The platform of AWS Lambda. */
export function lambda({ flush, marginMs, earlyTimeoutMs, schedule }: Settings): Platform<LambdaArgs> {
  shared.untraced ??= untraced
  const requestOf = (args: LambdaArgs) => contextOf(args)?.awsRequestId
  // Read once: each look into the environment costs as much as a span.
  const managed = managedInstance()
  const unfrozen = goesOn(flush)
  // Where nothing freezes, neither the response nor a timeout ends anything.
  const remainingMs = (args: LambdaArgs) => (unfrozen ? LONGEST_MS : leftMs(contextOf(args)) - marginMs)
  const earlyMs = (left: number, { wrap }: InvocationState) => {
    // On a Managed Instance, a timeout ends nothing: the handler goes on, and its spans are not over.
    if (earlyTimeoutMs === false || (earlyTimeoutMs === undefined && managed)) return Infinity
    const usual = Math.min(EARLY.mostMs, left * EARLY.share)
    const early = earlyTimeoutMs ?? usual
    if (early < left) return left - early
    // Otherwise, each invocation would time out as it begins.
    if (once('earlyTimeoutMs')) wrap.config.warn(`flushed: \`earlyTimeoutMs\` is ${early}, and the function has ${left} ms left: using ${Math.round(usual)}`)
    return left - usual
  }
  return {
    name: 'lambda',
    alarms,
    adapt: (handler) => adapted(handler, remainingMs),
    describe: (args, active) => describe(args[0], contextOf(args), { active }),
    reflect: (root, description: Description, result, args) => {
      // The runtime discards what a streaming handler returns, and the handler's status is in the stream.
      if (!responseStreamOf(args)) reflect(root, description, result, args[0])
    },
    begun: (args, invocation) => {
      const requestId = requestOf(args)
      if (requestId !== undefined) shared.extension?.begun(requestId)
      if (isInsideExecution(args) && once('durable')) invocation.wrap.config.warn(INSIDE)
      watchSigterm()
      schedule.begun(() => remainingMs(args))
      const early = earlyMs(leftAtFirstMs(contextOf(args)), invocation)
      if (early < Infinity) invocation.alarm = setAlarm(() => void endInTime(invocation), early, true)
    },
    // The wrap around this one may know nothing of Lambda, and the extension waits for a wrap that does.
    nested: (args) => {
      const [requestId, { extension }] = [requestOf(args), shared]
      if (requestId === undefined || !extension) return undefined
      extension.begun(requestId)
      return () => extension.done(requestId)
    },
    remainingMs,
    reported: (report) => schedule.learn(report),
    lifetime: (args, invocation) => {
      clearAlarm(invocation.alarm)
      const stream = streamLifetime(args)
      if (stream) {
        const released = releasing(stream, requestOf(args))
        // A schedule may leave telemetry to a later flush. After a stream that has failed, there is no later one.
        return stream.last ? released : schedule.lifetime(released)
      }
      return schedule.lifetime(unfrozen ? goingOn : (lifetime(flush, requestOf(args)) ?? thawed() ?? AWAIT))
    },
  }
}

const endInTime = (invocation: InvocationState) => endEarly(invocation, 'early-timeout', aboutToTimeOut())

/** A lifetime that flushes in place. When it is over, the extension no longer has to hold the sandbox. */
const releasing = ({ phase, hold }: Lifetime, requestId: string | undefined): Lifetime => ({
  phase,
  async hold(finish, invocation) {
    try {
      await hold(finish, invocation)
    } finally {
      if (requestId !== undefined) shared.extension?.done(requestId)
    }
  },
})
