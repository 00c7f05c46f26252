import { inherit } from '../core/account.ts'
import * as ATTRIBUTE from '../core/attributes.ts'
import { clock, elapsed, nextTurn } from '../core/clock.ts'
import { onWorkerd } from '../core/environment.ts'
import { flushLate } from '../core/finish.ts'
import type { InvocationState } from '../core/invocation.ts'
import { isolate } from '../core/isolate.ts'
import type { Lifetime, Platform } from '../core/platform.ts'

/**
 * Milliseconds that `waitUntil` keeps an invocation going after its response, less some for the end.
 *
 * Source: Cloudflare Workers, "Context (ctx)": 30 seconds, which is what other platforms guarantee too.
 */
const BUDGET_MS = 29_000

/**
 * Milliseconds after which a handler that has not settled is taken to have been stopped without notice.
 *
 * Source: Cloudflare Workers, "Limits", "Duration": 15 minutes for crons, queue consumers and alarms. Requests have no limit
 * while their client is connected, but after so long without an answer, nobody waits for one. Workflows have no limit either,
 * but a run that sleeps for so long has nearly always been stopped, and is begun again when it wakes.
 */
const LONGEST_MS = 15 * 60_000

/** Milliseconds from late telemetry to its flush, so that what is late together is sent together. */
const LATE_MS = 500

/**
 * Notes the first sign of life of an invocation, and ends those that have shown none for too long, on which it reports: where
 * they die without notice, the next one is the first that could hear of it. What they have recorded goes with the next flush.
 */
export function arrive(invocation: InvocationState): void {
  for (const owner of isolate.live.filter(({ expiresAt }) => expiresAt < clock().now())) {
    owner.dispose()
    owner.telemetry.defer?.(owner)
    inherit(invocation, owner)
  }
  touch(invocation)
}

/** Notes a sign of life of an invocation. */
export function touch(invocation: InvocationState): void {
  invocation.expiresAt = clock().now() + LONGEST_MS
}

/**
 * Sends what a request has recorded when its caller gives up, because the runtime stops its handler at that moment, without
 * notice. If work keeps the handler going, sends it when that work is over.
 *
 * @param context the context that keeps the handler going
 */
export function heed(request: Request | undefined, invocation: InvocationState, context: { readonly id?: unknown } | undefined): void {
  // Elsewhere the handler goes on, and a Durable Object's handler goes on whatever becomes of its caller.
  if (!onWorkerd() || context?.id) return
  request?.signal?.addEventListener('abort', () => {
    // Once the handler has settled, the end of the body says that the caller has left.
    if (invocation.late) return
    // From now on, late telemetry must not keep a handler going that would have been stopped.
    invocation.late = () => {}
    invocation.root.setAttribute(ATTRIBUTE.responseStream, 'cancelled')
    flushLate(invocation, nextTurn)
  })
}

/** The part of a platform on which nothing outlives its request except what `waitUntil` keeps. */
export function requestScope(lifetime: () => Lifetime | undefined): Pick<Platform, 'timers' | 'remainingMs' | 'lifetime'> {
  let settledAt = 0
  let due = false
  return {
    timers: false,
    remainingMs: () => settledAt + BUDGET_MS - clock().now(),
    lifetime(_args, invocation) {
      settledAt = clock().now()
      // What a client still listens to goes on, such as a socket or the result of an RPC call, and may be the isolate's last.
      invocation.late ??= () => {
        if (due) return
        due = true
        flushLate(invocation, () => elapsed(LATE_MS).then(() => (due = false)))
      }
      return lifetime()
    },
  }
}
