import type { InvocationState } from '../core/invocation.ts'
import type { Wrap } from '../core/lifecycle.ts'
import type { Lifetime, Platform } from '../core/platform.ts'
import { grantedLifetime } from '../web/lifetime.ts'
import { Staying } from './staying.ts'

/** What a platform grants an invocation after its response; `undefined` where the process stays. */
export type Granted = (args: readonly unknown[], invocation: InvocationState) => Lifetime | undefined

/**
 * How long the invocations of a server live. Where a platform runs the server as a function, the platform says it: that is
 * asked for before the handler is called. Anywhere else the process stays, and flushes when that suits it.
 *
 * @param wrap what the invocations are of; read when there is something to flush
 * @param granted default: what the platform's `waitUntil` grants (Vercel, Next, Supabase, Bunny)
 */
export function serverLifetime(
  wrap: () => Wrap,
  drainMs: number,
  granted: Granted = (_args, invocation) => grantedLifetime([], undefined, invocation),
): Required<Pick<Platform, 'begun' | 'lifetime'>> {
  const staying = new Staying(wrap, drainMs)
  const lifetimes = new Map<InvocationState, Lifetime>()
  return {
    begun(args, invocation) {
      const lifetime = granted(args, invocation)
      if (lifetime) lifetimes.set(invocation, lifetime)
      else staying.begun()
    },
    lifetime(_args, invocation) {
      const lifetime = lifetimes.get(invocation)
      lifetimes.delete(invocation)
      return lifetime ?? staying.lifetime(invocation)
    },
  }
}
