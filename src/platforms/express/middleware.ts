import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import { exchange } from '../../server/exchange.ts'
import { type ServerOptions, onServer } from '../../server/options.ts'
import { observeRoute, routeOf } from './route.ts'

/** Options of the middleware. */
export type ExpressOptions<Request = IncomingMessage, Response = ServerResponse> = ServerOptions<[request: Request, response: Response]>

/** A middleware of Express 4 and 5, and of whatever else takes such. */
export type TelemetryMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/**
 * A middleware of Express 5 and 4: a root span for each request that has passed it, with the route that served it, open
 * until the response has been sent or the client is gone. Use it first: what is before it is not part of the invocation.
 *
 * The flush is off the path of the response. A response with a status from 500 on is an error.
 *
 * @throws TypeError when an option is unknown or has a bad value
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
