import { type AnyFunction, checkHandler, dressed } from '../../core/layer.ts'
import { type Wrap, invoke } from '../../core/lifecycle.ts'
import { CHECKS, type TelemetryOptions, checkOptions, resolveOptions } from '../../core/options.ts'
import { type WrapLayer, type Wrapped, promised } from '../../core/with-telemetry.ts'
import { type StreamingOptions, idleMsOf } from '../../web/streaming.ts'
import { lifetimeOf } from '../../web/lifetime.ts'
import { type Settings, edge } from './platform.ts'
import type { WaitUntil } from '../../web/wait-until.ts'

/** Options of a function that answers requests. */
export interface EdgeOptions<Args extends readonly unknown[] = []> extends TelemetryOptions<Args>, StreamingOptions {
  /**
   * Keeps the function alive until the given promise has resolved; that promise never rejects. Set this on a platform that
   * does not pass its `waitUntil` to the handler, and that `flushed` does not know.
   *
   * @default the `waitUntil` of the handler's arguments, or of Vercel, Next, Supabase or Bunny
   */
  waitUntil?: WaitUntil | undefined
  /** The route that the handler serves, such as `/orders/:id`. It becomes the root span's `http.route` and a part of its name. */
  route?: string | undefined
}

/** Checks the options. @throws TypeError naming the option and quoting the value */
export function resolveEdge(options: EdgeOptions<never> = {}): Settings {
  const config = resolveOptions(options, ['waitUntil', 'route', 'streamIdleMs'])
  const { waitUntil, route } = options
  checkOptions({ waitUntil, route }, { waitUntil: CHECKS.onFlush, route: CHECKS.name })
  return { config, idleMs: idleMsOf(options), waitUntil, route }
}

/** Wraps a handler, with a new platform for each call. */
export function wrapEach(handler: AnyFunction, { config }: Settings, platform: () => Wrap['platform']): AnyFunction {
  checkHandler(handler)
  const wrapper = function (this: unknown, ...args: unknown[]) {
    return promised(() => invoke({ config, platform: platform() }, handler, this, args))
  }
  return dressed(wrapper, handler, { platform: platform().name, original: handler })
}

/**
 * Wraps a function that takes a `Request`, `(request, context?) => Response`, or an event or a context that has one: on Vercel,
 * Netlify, Fastly, Supabase, Bunny, Deno, Bun and anything else with `Request` and `Response`. Frameworks pass such an event:
 * Astro, h3 2 (Nitro 3), React Router, SvelteKit.
 *
 * A function of any other kind is wrapped as well, but then `flushed` knows nothing of its caller. For functions that take
 * Node's requests, `(request, response) => …`, such as API routes of Next's pages router, use `withTelemetry` of `flushed/node`.
 *
 * The root span ends when the response's body ends. The flush runs after the response wherever the platform has a `waitUntil`.
 * If `flushed` finds none, the response waits for the flush, for at most `timeoutMs`, and a warning says once what `flushed`
 * looked for. Set `flush: 'before-response'` if that is what you want.
 *
 * @throws TypeError if `handler` is not a function, or if an option is unknown or has a bad value
 *
 * @example
 * export default withTelemetry(async (request: Request) => Response.json(await ordersOf(request)), { telemetry })
 */
export const withTelemetry = <H extends AnyFunction>(handler: H, options?: EdgeOptions<Parameters<H>>): Wrapped<H> =>
  telemetry(options)(handler)

/**
 * Makes a layer for `stack`: `telemetry(options)(handler)` is the same as `withTelemetry(handler, options)`.
 *
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * export default stack(telemetry({ timeoutMs: 500 }), authorized)(async (request: Request) => { … })
 */
export function telemetry(options?: EdgeOptions<never>): WrapLayer {
  const settings = resolveEdge(options)
  return ((handler: AnyFunction) => wrapEach(handler, settings, () => edge(settings, lifetimeOf))) as WrapLayer
}
