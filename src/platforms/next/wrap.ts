import { environment } from '../../core/environment.ts'
import type { AnyFunction } from '../../core/layer.ts'
import type { WrapLayer, Wrapped } from '../../core/with-telemetry.ts'
import { type EdgeOptions, resolveEdge, wrapEach } from '../edge/wrap.ts'
import type { Settings } from '../edge/platform.ts'
import { next } from './platform.ts'
import { unlessPrerendered } from './prerender.ts'

/** Options of a handler in Next. */
export type NextOptions<Args extends readonly unknown[] = []> = EdgeOptions<Args>

/**
 * Wraps a function that Next calls for a request: a route handler of the app router, on the Node and on the edge runtime, the
 * proxy (the middleware before Next 16), a server action, or an API route of the pages router that takes a `Request` (on the edge
 * runtime).
 *
 * The flush runs after the response, by `after()`. Where there is no `after()`, as in the pages router, the flush runs as in
 * `flushed/edge`. For API routes of the pages router that take `(request, response)`, use `withTelemetry` of `flushed/node`: the
 * wrap of `flushed/next` would know nothing of their requests.
 *
 * What `redirect()`, `notFound()` and the like throw reaches Next unchanged, and is not an error of the root span.
 *
 * While Next prerenders a route, its handler runs as if it were not wrapped: no client has made that request, and a static route
 * stays static.
 *
 * Next finds routes and actions by their exports, so wrap what you export, and leave the segment's configuration to its own
 * exports. Put actions in files that begin with `'use server'`. Do not wrap a function with that directive inside; such a
 * function may call a wrapped one.
 *
 * @throws TypeError if `handler` is not a function, or if an option is unknown or has a bad value
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
 * Makes a layer for `stack`: `telemetry(options)(handler)` is the same as `withTelemetry(handler, options)`.
 *
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * export const POST = stack(telemetry({ timeoutMs: 500 }), authorized)(async (request: NextRequest) => { … })
 */
export function telemetry(options?: NextOptions<never>): WrapLayer {
  const settings = boundedOnLambda(resolveEdge(options))
  const platform = () => next(settings)
  return ((handler: AnyFunction) => unregistered(unlessPrerendered(wrapEach(handler, settings, platform), handler))) as WrapLayer
}

// An adapter that runs Next on AWS Lambda, such as OpenNext's, may answer only when all that `after()` waits for is over. There,
// `after()` must not wait for exports whose flush is over. Nor do they need that: Lambda stops them, but they go on with the process.
function boundedOnLambda(settings: Settings): Settings {
  const { config } = settings
  if (!environment('AWS_LAMBDA_FUNCTION_NAME')) return settings
  return { ...settings, config: { ...config, telemetry: { ...config.telemetry, answered: undefined } } }
}

// The properties that make a function a server action belong to the handler. With them, a browser would call the handler past the
// wrap. Without them, React refuses to pass the wrap to a browser, and says so.
function unregistered<W extends AnyFunction>(wrapper: W): W {
  if ('$$typeof' in wrapper) for (const key of ['$$typeof', '$$id', '$$bound', 'bind']) Reflect.deleteProperty(wrapper, key)
  return wrapper
}
