import { clock } from '../../core/clock.ts'
import type { InvocationState } from '../../core/invocation.ts'
import type { Config } from '../../core/options.ts'
import type { Platform } from '../../core/platform.ts'
import { streaming } from '../../web/streaming.ts'
import { type KeepingContext, track } from '../../web/track.ts'
import { describe } from './describe.ts'
import type { WorkerContext } from './types.ts'

/**
 * Milliseconds that `waitUntil` keeps an invocation going after its response, less some for the end.
 *
 * Source: Cloudflare Workers, "Context (ctx)": 30 seconds.
 */
const BUDGET_MS = 29_000

/**
 * Milliseconds after which a handler that has not settled has been stopped without a word.
 *
 * Source: Cloudflare Workers, "Limits", "Duration": 15 minutes for crons, queue consumers and alarms. Requests have no limit
 * while their client is connected; but one without an answer for so long is nobody's.
 */
const LONGEST_MS = 15 * 60_000

/** The options of Workers' own, checked and complete. */
export interface Settings {
  readonly config: Config
  readonly idleMs: number
}

/** What is peculiar to one event of a Worker. */
export function workers(event: string, { config, idleMs }: Settings, ctx: Partial<WorkerContext> | undefined): Platform {
  let waitUntil: KeepingContext['waitUntil'] | undefined
  let settledAt = 0
  const keeps = () => waitUntil !== undefined && config.flush !== 'before-response'
  return {
    name: 'workers',
    timers: false,
    describe: (args, active) => describe(event, args, active),
    begun(_args, invocation) {
      touch(invocation)
      // A Durable Object has one for all its invocations.
      if (ctx?.waitUntil) waitUntil = track(ctx as WorkerContext, invocation, ctx.id !== undefined)
    },
    remainingMs: () => settledAt + BUDGET_MS - clock().now(),
    lifetime() {
      settledAt = clock().now()
      if (!keeps()) return undefined
      return { phase: 'after-response', apart: true, hold: (finish) => waitUntil?.(Promise.resolve(finish())) }
    },
    ...(event === 'fetch' && streaming(idleMs, keeps, ([request]) => request as Request)),
  }
}

/** Something is heard of an invocation. */
export function touch(invocation: InvocationState): void {
  invocation.expiresAt = clock().now() + LONGEST_MS
}
