import { environment } from '../core/environment.ts'
import type { InvocationState } from '../core/invocation.ts'
import { once } from '../core/isolate.ts'
import type { Wrap } from '../core/lifecycle.ts'
import type { Lifetime, Platform } from '../core/platform.ts'
import { grantedLifetime } from '../web/lifetime.ts'
import type { WaitUntil } from '../web/wait-until.ts'
import { isConnected } from './connection.ts'
import { SHUTDOWN_MS, shared } from './extension.ts'
import { inRuntime, managedInstance } from './managed.ts'
import { Staying } from './staying.ts'
import { adaptedLifetime, remainingMs } from './web-adapter.ts'

/** What a server tells of its place. */
interface Place {
  /** The Node request of an invocation. Default: the first argument */
  readonly requestOf?: (args: readonly never[]) => unknown
  /** Default: the platform's (Vercel, Next, Supabase, Bunny) */
  readonly waitUntil?: WaitUntil | undefined
  /** Whether the server stops with its response on a platform other than AWS Lambda: which, and what to do about it. */
  readonly elsewhere?: () => string | false
}

/**
 * How long the invocations of a server live. If a platform runs the server as a function, the platform determines it, and is
 * asked before the handler is called. Anywhere else the process stays, and flushes when that suits it.
 *
 * @param wrap the wrap of the invocations; read when there is something to flush
 */
export function serverLifetime(wrap: () => Wrap, drainMs: number, { requestOf = first, waitUntil, elsewhere }: Place = {}): Required<Pick<Platform, 'begun' | 'lifetime' | 'remainingMs'>> {
  const staying = new Staying(wrap, drainMs)
  const granted = new WeakMap<InvocationState, Lifetime>()
  // Read once: each look into the environment costs as much as a span.
  let stops: string | false | undefined
  const stopped = (invocation: InvocationState, where: string): Lifetime | undefined => {
    if (where !== LAMBDA) return atOnce(invocation, where)
    // An adapter in this process may have connections, too.
    if (!isConnected(requestOf(invocation.args as never[])) || inRuntime()) return atOnce(invocation, `${where}${UNWRAPPED}`)
    staying.join(Math.min(drainMs, SHUTDOWN_MS))
    const held = adaptedLifetime(invocation)
    // Otherwise, the process stays as far as it can: what it has not sent by the freeze goes when Lambda lets it run again.
    if (!held) warn(invocation, `${where}${shared.failure ?? UNREGISTERED}`)
    return held
  }
  return {
    begun(_args, invocation) {
      stops ??= elsewhere?.() || (onLambda() && LAMBDA)
      const lifetime = grantedLifetime(NONE, waitUntil, invocation) ?? (stops ? stopped(invocation, stops) : undefined)
      if (lifetime) granted.set(invocation, lifetime)
      else staying.begun(invocation)
    },
    lifetime: (_args, invocation) => granted.get(invocation) ?? staying.lifetime,
    remainingMs,
  }
}

/** No argument of a server's handler has a `waitUntil`. */
const NONE: readonly unknown[] = []

const first = ([request]: readonly unknown[]): unknown => request

const LAMBDA = 'AWS Lambda, which may freeze it before a flush is over: '
const UNWRAPPED = "wrap the function as well, `withTelemetry(serverless(app))` of 'flushed/lambda'"
const UNREGISTERED = "`import 'flushed/lambda/register'` before everything else"

/** Whether Lambda freezes this process. */
const onLambda = (): boolean => !!environment('AWS_LAMBDA_FUNCTION_NAME') && !managedInstance()

/** Begins the flush at once; nobody waits for it. */
const AT_ONCE: Lifetime = { phase: 'after-response', apart: true, hold: (finish) => void finish() }

/** The lifetime where the server stops with its response, and nothing waits for the flush. */
function atOnce(invocation: InvocationState, where: string): Lifetime {
  warn(invocation, where)
  return AT_ONCE
}

function warn({ wrap: { config, platform } }: InvocationState, where: string): void {
  if (once('stopping')) config.warn(`flushed: ${platform.name} runs on ${where}`)
}
