import { invalidOption } from '../../core/errors.ts'
import type { AnyFunction } from '../../core/layer.ts'
import { type TelemetryOptions, resolveOptions } from '../../core/options.ts'
import { type WrapLayer, type Wrapped, wrapLayer } from '../../core/with-telemetry.ts'
import { type Settings, edge } from './platform.ts'
import type { WaitUntil } from './wait-until.ts'

/** Options of a function over requests. */
export interface EdgeOptions<Args extends readonly unknown[] = readonly never[]> extends TelemetryOptions<Args> {
  /**
   * Has the platform keep the function alive until a promise has resolved; for platforms that do not hand `waitUntil` to
   * the handler, and are not known here.
   *
   * @default that of the handler's arguments, or what Vercel, Next, Supabase or Bunny offer
   */
  waitUntil?: WaitUntil | undefined
  /** The route that the handler serves, as `http.route`: `/orders/[id]`. A part of the root span's name. */
  route?: string | undefined
}

/** Checks the options of such a platform. @throws TypeError naming the option and quoting the value */
export function resolveEdge(options: EdgeOptions<never> = {}): Settings & { config: ReturnType<typeof resolveOptions> } {
  const config = resolveOptions(options, ['waitUntil', 'route'])
  const { waitUntil, route } = options
  if (waitUntil !== undefined && typeof waitUntil !== 'function') throw invalidOption('waitUntil', waitUntil, 'a function')
  if (route !== undefined && (typeof route !== 'string' || route === '')) throw invalidOption('route', route, 'a non-empty string')
  return { config, flush: config.flush, waitUntil, route }
}

/**
 * Wraps a function over requests, `(request, context?) => Response`, or over an event or context that has one: on Vercel,
 * Netlify, Fastly, Supabase, Deno, Bun and what else has `Request` and `Response`. Any other function will do as well.
 *
 * Its flush is after the response wherever the platform has a `waitUntil`. Where none is found, the response waits for it,
 * for at most `timeoutMs`, and a warning says once what was looked for; `flush: 'before-response'` says that it is meant.
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
  return wrapLayer(settings.config, edge(settings))
}
