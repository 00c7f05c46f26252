/** The four fake platforms that programs run on. Together they have every way in which an invocation may live. */
import { SpanKind } from '@opentelemetry/api'
import { setAlarm, clearAlarm } from '../../src/core/alarm.ts'
import { endEarly } from '../../src/core/early.ts'
import { AWAIT, leave } from '../../src/core/finish.ts'
import type { InvocationState } from '../../src/core/invocation.ts'
import type { Lifetime, Platform } from '../../src/core/platform.ts'
import { arrive, requestScope } from '../../src/web/scope.ts'
import { track } from '../../src/web/track.ts'
import type { Plan, World } from './program.ts'
import type { Request } from './requests.ts'
import type { Trace } from './trace.ts'

/** What a platform is told about one invocation. */
export interface Scene {
  readonly trace: Trace
  readonly plan: Plan
  readonly owner: number
  readonly request: Request
  begun(invocation: InvocationState): void
}

const described: Pick<Platform, 'describe'> = {
  describe: (_args, active) => ({ name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent: active }),
}

/** The platform of an invocation, by the name of its world. */
export const WORLDS: Record<World, (scene: Scene) => Platform> = {
  /** The response waits, as on Lambda without an extension. */
  awaits: (scene) => ({ name: 'awaits', ...described, ...lambdaLike(scene, AWAIT) }),

  /** The flush comes after the response, and the process keeps running meanwhile, as with a Lambda extension. */
  keeps: (scene) => ({
    name: 'keeps',
    ...described,
    ...lambdaLike(scene, {
      phase: 'after-response',
      hold: (finish) => void scene.trace.clock.setTimeout(() => void finish(), scene.plan.heldMs),
    }),
  }),

  /** Nothing outlives its request except what `waitUntil` keeps, as on Workers. */
  requests: (scene) => requestLike('requests', scene, true),

  /** The same, where the platform has no `waitUntil`, or the flush comes before the response. */
  'requests that wait': (scene) => requestLike('requests that wait', scene, false),
}

function lambdaLike({ trace, plan, owner, begun }: Scene, kept: Lifetime): Omit<Platform, 'name' | 'describe'> {
  const startedAt = trace.clock.now()
  return {
    begun(_args, invocation) {
      begun(invocation)
      if (plan.earlyMs === Infinity) return
      const early = () => {
        trace.log({ what: 'early', owner })
        void endEarly(invocation, 'early-timeout', new Error('about to time out'))
      }
      invocation.alarm = setAlarm(early, plan.earlyMs, true)
    },
    remainingMs: () => startedAt + plan.leavesMs - trace.clock.now(),
    lifetime(_args, { alarm }) {
      clearAlarm(alarm)
      return plan.deferred ? { phase: kept.phase, hold: (_finish, invocation) => leave(invocation) } : kept
    },
  }
}

function requestLike(name: World, { request, begun }: Scene, keeps: boolean): Platform {
  let waitUntil: Request['waitUntil']
  const kept: Lifetime = { phase: 'after-response', apart: true, hold: (finish) => waitUntil(Promise.resolve(finish())) }
  return {
    name,
    ...described,
    begun(_args, invocation) {
      arrive(invocation)
      begun(invocation)
      // The invocation waits for what the handler passes to `waitUntil`, but not for the flush passed here, which would wait for itself.
      if (keeps) waitUntil = track(request, invocation) as Request['waitUntil']
    },
    ...requestScope(() => (keeps ? kept : undefined)),
  }
}
