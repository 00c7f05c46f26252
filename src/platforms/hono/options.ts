import type { Wrap } from '../../core/lifecycle.ts'
import { CHECKS, type TelemetryOptions, checkOptions, resolveOptions } from '../../core/options.ts'
import { type DrainOptions, drainMsOf } from '../../server/drain.ts'
import { serverLifetime } from '../../server/lifetime.ts'
import { settingsFor } from '../../web/environment.ts'
import { type StreamingOptions, idleMsOf } from '../../web/streaming.ts'
import type { WaitUntil } from '../../web/wait-until.ts'
import type { HonoContext } from './context.ts'
import { incomingOf, onNode } from './node.ts'
import { type Settings, hono } from './platform.ts'

/** Options of the Hono middleware. */
export interface HonoOptions<C extends HonoContext = HonoContext> extends TelemetryOptions<[c: C]>, StreamingOptions, DrainOptions {
  /**
   * Keeps the function alive until the given promise has resolved; that promise never rejects. Set this on a platform that
   * does not pass its `waitUntil` to the application, and that `flushed` does not know.
   *
   * @default the `waitUntil` of `c.executionCtx`, or of Netlify, Vercel, Next, Supabase or Bunny
   */
  waitUntil?: WaitUntil | undefined
}

/** Options, or a function that makes them from `c.env`. The function is called once per isolate, at the first request. */
export type HonoOptionsInput<C extends HonoContext = HonoContext, Env = never> = HonoOptions<C> | ((env: Env) => HonoOptions<C>)

/** Checks the options. @throws TypeError naming the option and quoting the value */
function resolve(options: HonoOptions<never> = {}): Settings {
  const config = resolveOptions(options, ['streamIdleMs', 'waitUntil', 'drainMs'])
  const { waitUntil } = options
  checkOptions({ waitUntil }, { waitUntil: CHECKS.onFlush })
  const requestOf = ([c]: readonly HonoContext[]) => c && incomingOf(c)
  const server: Wrap = { config, platform: hono(onNode(serverLifetime(() => server, drainMsOf(options), { requestOf, waitUntil }))) }
  return { config, idleMs: idleMsOf(options), waitUntil, server }
}

/** The settings; those made from bindings are made at the first request. @throws TypeError for bad options given directly */
export const settingsOf = (options: HonoOptionsInput<never> | undefined): ((env: unknown) => Settings | undefined) =>
  settingsFor(options, resolve)
