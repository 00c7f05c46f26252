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
 * How long the invocations of a server live. If a platform runs the server as a function, the platform determines it, and is
 * asked before the handler is called. Anywhere else the process stays, and flushes when that suits it.
 *
 * @param wrap the wrap of the invocations; read when there is something to flush
 * @param waitUntil default: that of the platform (Vercel, Next, Supabase, Bunny)
 * @param elsewhere whether the server stops with its response on a platform other than AWS Lambda: which, and what to do about it
 */
export function serverLifetime(wrap: () => Wrap, drainMs: number, waitUntil?: WaitUntil, elsewhere?: () => string | false): Required<Pick<Platform, 'begun' | 'lifetime'>> {
  const staying = new Staying(wrap, drainMs)
  const granted = new WeakMap<InvocationState, Lifetime>()
  // Read once: each look into the environment costs as much as a span.
  let stops: string | false | undefined
  return {
    begun(_args, invocation) {
      stops ??= elsewhere?.() || onLambda()
      const lifetime = grantedLifetime(NONE, waitUntil, invocation) ?? (stops ? stoppedLifetime(invocation, stops) : undefined)
      if (lifetime) granted.set(invocation, lifetime)
      else staying.begun(invocation)
    },
    lifetime: (_args, invocation) => granted.get(invocation) ?? staying.lifetime,
  }
}

/** No argument of a server's handler has a `waitUntil`. */
const NONE: readonly unknown[] = []

/** Begins the flush at once; nobody waits for it. */
const AT_ONCE: Lifetime = { phase: 'after-response', apart: true, hold: (finish) => void finish() }

/** AWS Lambda, where an adapter runs the server and Lambda freezes it. */
const onLambda = (): string | false =>
  !!environment('AWS_LAMBDA_FUNCTION_NAME') &&
  !managedInstance() &&
  "AWS Lambda, which may freeze it before a flush is over: wrap the function as well, `withTelemetry(serverless(app))` of 'flushed/lambda'"

/** The lifetime where the server stops with its response and no wrap is around it. */
function stoppedLifetime({ wrap }: InvocationState, where: string): Lifetime {
  const { config, platform } = wrap
  if (once('stopping')) config.warn(`flushed: ${platform.name} runs on ${where}`)
  return AT_ONCE
}
