import { type AnyFunction, checkHandler, dressed } from '../../core/layer.ts'
import { type Wrap, invoke } from '../../core/lifecycle.ts'
import { CHECKS, type TelemetryOptions, checkOptions, resolveOptions } from '../../core/options.ts'
import { type WrapLayer, type Wrapped, promised } from '../../core/with-telemetry.ts'
import { type StreamingOptions, idleMsOf } from '../../web/streaming.ts'
import { lifetimeOf } from '../../web/lifetime.ts'
import { type Settings, edge } from './platform.ts'
import type { WaitUntil } from '../../web/wait-until.ts'

/** Options of a function over requests. */
export interface EdgeOptions<Args extends readonly unknown[] = []> extends TelemetryOptions<Args>, StreamingOptions {
  /**
   * Has the platform keep the function alive until a promise has resolved, which it never rejects: for platforms that do
   * not hand their `waitUntil` to the handler, and are not known here.
   *
   * @default that of the handler's arguments, or of Vercel, Next, Supabase or Bunny
   */
  waitUntil?: WaitUntil | undefined
  /** The route that the handler serves, such as `/orders/:id`: the root span's `http.route`, and a part of its name. */
  route?: string | undefined
}

/** Checks the options. @throws TypeError naming the option and quoting the value */
export function resolveEdge(options: EdgeOptions<never> = {}): Settings {
  const config = resolveOptions(options, ['waitUntil', 'route', 'streamIdleMs'])
  const { waitUntil, route } = options
  checkOptions({ waitUntil, route }, { waitUntil: CHECKS.onFlush, route: CHECKS.name })
  return { config, idleMs: idleMsOf(options), waitUntil, route }
}

/** Wraps a handler for a platform that is made for each call. */
export function wrapEach(handler: AnyFunction, { config }: Settings, platform: () => Wrap['platform']): AnyFunction {
  checkHandler(handler)
  const wrapper = function (this: unknown, ...args: unknown[]) {
    return promised(() => invoke({ config, platform: platform() }, handler, this, args))
  }
  return dressed(wrapper, handler, { platform: platform().name, original: handler })
}

/**
 * Wraps a function over requests, `(request, context?) => Response`, or over an event or a context that has one: on Vercel,
 * Netlify, Fastly, Supabase, Bunny, Deno, Bun and what else has `Request` and `Response`. Functions of any other kind are
 * wrapped as well, and nothing is known of what calls them: those over Node's requests, `(request, response) => …`, such as API
 * routes of Next's pages router, are for `withTelemetry` of `flushed/node`.
 *
 * Its root span ends when the response's body does, and its flush is after the response wherever the platform has a
 * `waitUntil`. Where none is found, the response waits, for at most `timeoutMs`, and a warning says once what was looked
 * for: `flush: 'before-response'` says that it is meant.
 *
 * @throws TypeError when `handler` is no function or an option is unknown or has a bad value
 *
 * @example
 * export default withTelemetry(async (request: Request) => Response.json(await ordersOf(request)), { telemetry })
 */
export const withTelemetry = <H extends AnyFunction>(handler: H, options?: EdgeOptions<Parameters<H>>): Wrapped<H> =>
  telemetry(options)(handler)

/**
 * The same as a layer, for `stack`: `telemetry(options)(handler)` is `withTelemetry(handler, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * export default stack(telemetry({ timeoutMs: 500 }), authorized)(async (request: Request) => { … })
 */
export function telemetry(options?: EdgeOptions<never>): WrapLayer {
  const settings = resolveEdge(options)
  return ((handler: AnyFunction) => wrapEach(handler, settings, () => edge(settings, lifetimeOf))) as WrapLayer
}
