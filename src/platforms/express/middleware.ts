import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import { exchange } from '../../server/exchange.ts'
import { type ServerOptions, onServer } from '../../server/options.ts'
import { observeRoute, routeOf } from './route.ts'

/** Options of the middleware. */
export type ExpressOptions<Request = IncomingMessage, Response = ServerResponse> = ServerOptions<[request: Request, response: Response]>

/** A middleware for Express 4 and 5, and for any other framework that takes such middlewares. */
export type TelemetryMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Makes a middleware for Express 5 and 4 that opens a root span for each request that reaches it.
 *
 * The span carries the route that served the request, and stays open until the response has been sent or the client is gone.
 * Use the middleware first: what comes before it is not part of the invocation.
 *
 * The response does not wait for the flush. A response with status 500 or higher is an error.
 *
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * const app = express()
 * app.use(telemetry({ telemetry: pipeline }))
 * app.get('/orders/:id', async (request, response) => response.json(await orderOf(request.params.id)))
 */
export function telemetry<Request = IncomingMessage, Response = ServerResponse>(
  options?: ExpressOptions<Request, Response>,
): TelemetryMiddleware {
  const wrap = onServer('express', options)
  return function flushed(request, response, next) {
    observeRoute(request)
    const open = exchange(wrap, request, response, { route: () => routeOf(request) })
    if (open) context.with(open.context, next)
    else next()
  }
}
