import type { AnyFunction } from '../../core/layer.ts'
import type { WrapLayer, Wrapped } from '../../core/with-telemetry.ts'
import { type EdgeOptions, resolveEdge, wrapEach } from '../edge/wrap.ts'
import { next } from './platform.ts'
import { unlessPrerendered } from './prerender.ts'

/** Options of a handler in Next. */
export type NextOptions<Args extends readonly unknown[] = []> = EdgeOptions<Args>

/**
 * Wraps what Next calls for a request: a route handler of the app router, on the Node and on the edge runtime, the proxy
 * (the middleware before Next 16), a server action, an API route of the pages router over a `Request` (on the edge runtime).
 * Its flush is after the response, by `after()`; where there is none, as in the pages router, it is as that of `flushed/edge`.
 * API routes of the pages router over `(request, response)` are for `withTelemetry` of `flushed/node`: here nothing would be
 * known of their requests.
 *
 * What `redirect()`, `notFound()` and the like throw reaches Next as it is, and is no error of the root span.
 *
 * While Next prerenders a route, its handler runs as if it were not wrapped: that is nobody's request, and a static route
 * stays static.
 *
 * Next finds routes and actions by their exports, so wrap what is exported, and leave the segment's configuration to its
 * own exports. Actions are in files that begin with `'use server'`; a function with that directive inside is not to be
 * wrapped itself, but may call what is.
 *
 * @throws TypeError when `handler` is no function or an option is unknown or has a bad value
 *
 * @example
 * // app/orders/[id]/route.ts
 * export const dynamic = 'force-dynamic'
 * export const GET = withTelemetry(async (request: NextRequest, { params }: Context) => {
 *   return Response.json(await orderOf(await params))
 * }, { route: '/orders/[id]' })
 */
export const withTelemetry = <H extends AnyFunction>(handler: H, options?: NextOptions<Parameters<H>>): Wrapped<H> =>
  telemetry(options)(handler)

/**
 * The same as a layer, for `stack`: `telemetry(options)(handler)` is `withTelemetry(handler, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * export const POST = stack(telemetry({ timeoutMs: 500 }), authorized)(async (request: NextRequest) => { … })
 */
export function telemetry(options?: NextOptions<never>): WrapLayer {
  const settings = resolveEdge(options)
  const platform = () => next(settings)
  return ((handler: AnyFunction) => unregistered(unlessPrerendered(wrapEach(handler, settings, platform), handler))) as WrapLayer
}

// What makes a function a server action is the handler's. With it, a browser would call the handler past the wrap; without
// it, React refuses to hand the wrap to a browser, and says so.
function unregistered<W extends AnyFunction>(wrapper: W): W {
  if ('$$typeof' in wrapper) for (const key of ['$$typeof', '$$id', '$$bound', 'bind']) Reflect.deleteProperty(wrapper, key)
  return wrapper
}
