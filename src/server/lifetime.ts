import type { InvocationState } from '../core/invocation.ts'
import { once } from '../core/isolate.ts'
import type { Wrap } from '../core/lifecycle.ts'
import { environment } from '../core/environment.ts'
import type { Lifetime, Platform } from '../core/platform.ts'
import { grantedLifetime } from '../web/lifetime.ts'
import type { WaitUntil } from '../web/wait-until.ts'
import { managedInstance } from './managed.ts'
import { Staying } from './staying.ts'

/**
 * How long the invocations of a server live. Where a platform runs the server as a function, the platform says it: that is
 * asked for before the handler is called. Anywhere else the process stays, and flushes when that suits it.
 *
 * @param wrap what the invocations are of; read when there is something to flush
 * @param waitUntil default: that of the platform (Vercel, Next, Supabase, Bunny)
 */
export function serverLifetime(wrap: () => Wrap, drainMs: number, waitUntil?: WaitUntil): Required<Pick<Platform, 'begun' | 'lifetime'>> {
  const staying = new Staying(wrap, drainMs)
  const granted = new WeakMap<InvocationState, Lifetime>()
  // Read once: each look into the environment costs as much as a span.
  let frozen: boolean | undefined
  return {
    begun(_args, invocation) {
      frozen ??= isFrozen()
      const lifetime = grantedLifetime(NONE, waitUntil, invocation) ?? (frozen ? frozenLifetime(invocation) : undefined)
      if (lifetime) granted.set(invocation, lifetime)
      else staying.begun(invocation)
    },
    lifetime: (_args, invocation) => granted.get(invocation) ?? staying.lifetime,
  }
}

/** No argument of a server's handler has a `waitUntil`. */
const NONE: readonly unknown[] = []

/** The flush is begun at once; nobody waits for it. */
const AT_ONCE: Lifetime = { phase: 'after-response', apart: true, hold: (finish) => void finish() }

/** Whether an adapter for AWS Lambda runs the server, and Lambda freezes it. */
const isFrozen = (): boolean => Boolean(environment('AWS_LAMBDA_FUNCTION_NAME')) && !managedInstance()

/** What is left there, where nothing is around it. */
function frozenLifetime({ wrap }: InvocationState): Lifetime {
  if (once('frozen')) {
    const { config, platform } = wrap
    config.warn(
      `flushed: ${platform.name} runs on AWS Lambda, which may freeze it before a flush is over: wrap the function as well, ` +
        "`withTelemetry(serverless(app))` of 'flushed/lambda'",
    )
  }
  return AT_ONCE
}
