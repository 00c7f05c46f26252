import { toError } from '../../core/errors.ts'
import type { Config } from '../../core/options.ts'
import type { Lifetime } from '../../core/types.ts'
import { LOOKED_FOR, type WaitUntil, waitUntilOf } from './wait-until.ts'

/** Milliseconds that platforms let a function go on after its response (Cloudflare and Vercel: 30 s), less a margin. */
export const AFTER_RESPONSE_MS = 29_000

const noWay = (reason: string): Lifetime => ({ phase: 'before-response', reason, hold: (finish) => finish() })

/**
 * What a request may do after its response. To be called when the handler is, and not later: Fastly takes the first
 * `waitUntil` of an event only while that is being dispatched.
 */
export function lifetimeOf(flush: Config['flush'], args: readonly unknown[], given: WaitUntil | undefined): Lifetime | undefined {
  if (flush === 'before-response') return undefined
  try {
    const waitUntil = waitUntilOf(args, given)
    return waitUntil ? held(waitUntil) : noWay(LOOKED_FOR)
  } catch (thrown) {
    return noWay(`waitUntil failed: ${toError(thrown).message}`)
  }
}

function held(waitUntil: WaitUntil): Lifetime {
  let release!: () => void
  waitUntil(new Promise((resolve) => (release = resolve)))
  return { phase: 'after-response', hold: (finish) => void Promise.resolve(finish()).then(release) }
}
