import { nextTurn } from '../core/clock.ts'
import { toError } from '../core/errors.ts'
import { AWAIT } from '../core/finish.ts'
import type { InvocationState } from '../core/invocation.ts'
import type { Finish, Lifetime } from '../core/platform.ts'
import { LOOKED_FOR, type WaitUntil, waitUntilOf } from './wait-until.ts'

/** Tells what a request may do after its response. @param given the `waitUntil` option */
export type LifetimeOf = (args: readonly unknown[], given: WaitUntil | undefined, invocation: InvocationState) => Lifetime

/**
 * What a request may do after its response. Call this before the handler, in the same turn: Fastly takes the first `waitUntil` of
 * an event only while the event is being dispatched.
 */
export const lifetimeOf: LifetimeOf = (args, given, invocation) => grantedLifetime(args, given, invocation) ?? before(LOOKED_FOR)

/** The same; `undefined` if there is no `waitUntil` at all. */
export function grantedLifetime(args: readonly unknown[], given: WaitUntil | undefined, invocation: InvocationState): Lifetime | undefined {
  try {
    const waitUntil = waitUntilOf(args, given, invocation)
    return waitUntil && within(waitUntil)
  } catch (thrown) {
    return before(`waitUntil failed: ${toError(thrown).message}`)
  }
}

const before = (reason: string): Lifetime => ({ ...AWAIT, reason })

/** Begins a flush when a response has had its turn to leave: the response waits for whatever is done before that. */
export async function onceSent(finish: Finish): Promise<void> {
  await nextTurn()
  await finish()
}

/** What a request may do within a `waitUntil`, which is called now, and again when the handler has settled. */
export function within(waitUntil: WaitUntil): Lifetime {
  let settled!: () => void
  waitUntil(new Promise((resolve) => (settled = resolve)))
  return {
    phase: 'after-response',
    apart: true,
    hold(finish) {
      const flushed = onceSent(finish)
      try {
        // Called again for each flush: a stream may go on for longer than a platform waits.
        waitUntil(flushed)
      } catch {
        // It is too late for this platform: whoever is still waiting has to wait for the flush.
        return flushed
      } finally {
        settled()
      }
    },
  }
}
