import * as ATTRIBUTE from '../core/attributes.ts'
import { clock, elapsed, nextTurn } from '../core/clock.ts'
import { flushLate } from '../core/finish.ts'
import type { InvocationState } from '../core/invocation.ts'
import type { Lifetime, Platform } from '../core/platform.ts'

/**
 * Milliseconds that `waitUntil` keeps an invocation going after its response, less some for the end.
 *
 * Source: Cloudflare Workers, "Context (ctx)": 30 seconds, which is what other platforms guarantee too.
 */
const BUDGET_MS = 29_000

/**
 * Milliseconds after which a handler that has not settled has been stopped without a word.
 *
 * Source: Cloudflare Workers, "Limits", "Duration": 15 minutes for crons, queue consumers and alarms. Requests have no limit
 * while their client is connected; but one without an answer for so long is nobody's. Workflows have none either; but a run
 * that sleeps for so long has nearly always been stopped, and is begun again when it wakes.
 */
const LONGEST_MS = 15 * 60_000

/** Milliseconds from what is late to its flush, for what is late together. */
const LATE_MS = 500

/** Whether this is Cloudflare's runtime. */
export const onWorkerd = (): boolean => 'FixedLengthStream' in globalThis

/** Something is heard of an invocation. */
export function touch(invocation: InvocationState): void {
  invocation.expiresAt = clock().now() + LONGEST_MS
}

/**
 * Has what a request has recorded sent when its caller gives up, since its handler is stopped there and then, without a word:
 * or when the work is over that keeps the handler going.
 *
 * @param context the one that keeps it going
 */
export function heed(request: Request | undefined, invocation: InvocationState, context: { readonly id?: unknown } | undefined): void {
  // Elsewhere it goes on, and so does a Durable Object's, whatever becomes of its caller.
  if (!onWorkerd() || context?.id) return
  request?.signal?.addEventListener('abort', () => {
    // One that has settled is told by its body.
    if (invocation.late) return
    // What is late now must not keep a handler going that would have been stopped.
    invocation.late = () => {}
    invocation.root.setAttribute(ATTRIBUTE.responseStream, 'cancelled')
    flushLate(invocation, nextTurn)
  })
}

/** What is peculiar to platforms on which nothing outlives its request, but for what `waitUntil` keeps. */
export function requestScope(lifetime: () => Lifetime | undefined): Pick<Platform, 'timers' | 'remainingMs' | 'lifetime'> {
  let settledAt = 0
  let due = false
  return {
    timers: false,
    remainingMs: () => settledAt + BUDGET_MS - clock().now(),
    lifetime(_args, invocation) {
      settledAt = clock().now()
      // What a client still listens to goes on, such as a socket or what a call by RPC has returned, and may be the isolate's last.
      invocation.late ??= () => {
        if (due) return
        due = true
        flushLate(invocation, () => elapsed(LATE_MS).then(() => (due = false)))
      }
      return lifetime()
    },
  }
}
