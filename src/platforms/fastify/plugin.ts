import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import { stopped } from '../../core/errors.ts'
import type { Wrap } from '../../core/lifecycle.ts'
import { type Exchange, exchange } from '../../server/exchange.ts'
import { type ServerOptions, onServer } from '../../server/options.ts'
import { drainAll } from '../../server/watch.ts'

/** Options of the plugin. */
export type FastifyOptions = ServerOptions<[request: IncomingMessage, response: ServerResponse]>

const EXCHANGE = Symbol('flushed.exchange')

/** The part of a Fastify request that is used here. */
interface FastifyRequest {
  [EXCHANGE]?: Exchange
  readonly raw: IncomingMessage
  readonly routeOptions: { readonly url?: string | undefined }
}

/** The part of a Fastify reply that is used here. */
interface FastifyReply {
  readonly raw: ServerResponse
  getHeaders(): Readonly<Record<string, unknown>>
}

/** The part of a Fastify instance that is used here. */
export interface FastifyInstance {
  addHook(name: string, hook: (...args: never[]) => unknown): unknown
}

/** Options that `register` uses itself, and also passes on to the plugin. */
interface RegisterOptions {
  readonly prefix?: unknown
  readonly logLevel?: unknown
  readonly logSerializers?: unknown
}

/** A Fastify 5 plugin that acts on the instance in which it is registered, not on an encapsulated one of its own. */
export type TelemetryPlugin = (instance: FastifyInstance, options: FastifyOptions, done: (error?: Error) => void) => void

/**
 * A Fastify 5 plugin that opens a root span for each request.
 *
 * The span carries the route that serves the request, and stays open until the response has been sent or the client is gone.
 * Register the plugin first: hooks that are added before it are not part of the invocation.
 *
 * The response does not wait for the flush, and `app.close()` waits for the last flush.
 *
 * Fastify's own options of `register` (`prefix`, `logLevel`, `logSerializers`) are accepted and change nothing here, as with any
 * plugin that is not encapsulated: the instance alone determines which requests get a span.
 *
 * @throws TypeError, from `register`, if an option is unknown or has a bad value
 *
 * @example
 * const app = fastify()
 * await app.register(telemetry, { telemetry: pipeline })
 * app.get<{ Params: { id: string } }>('/orders/:id', async (request) => orderOf(request.params.id))
 */
export const telemetry: TelemetryPlugin = Object.assign(
  ((instance, options: FastifyOptions & RegisterOptions, done) => {
    const { prefix: _p, logLevel: _l, logSerializers: _s, ...own } = options
    let wrap: Wrap
    try {
      wrap = onServer('fastify', own)
    } catch (error) {
      // If a plugin with a callback throws, the error is an uncaught exception.
      return done(error as Error)
    }
    instance.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, next: () => void) => {
      const open = exchange(wrap, request.raw, reply.raw, {
        route: () => request.routeOptions.url,
        // Fastify passes its headers to Node only as it writes them, and Node does not expose headers passed that way.
        headers: () => reply.getHeaders(),
      })
      if (!open) return next()
      request[EXCHANGE] = open
      context.with(open.context, next)
    })
    instance.addHook('onError', (request: FastifyRequest, _reply: unknown, error: unknown, next: () => void) => {
      request[EXCHANGE]?.failed(error)
      next()
    })
    // After the last response. Whoever closes the application may exit then. Other servers of the process may go on: leave them.
    instance.addHook('onClose', () => drainAll(stopped('close'), undefined, wrap))
    done()
  }) satisfies TelemetryPlugin,
  {
    // Makes the plugin's hooks those of the instance. Source: Fastify, "Plugins", "Handle the scope".
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'flushed',
    [Symbol.for('plugin-meta')]: { name: 'flushed' },
  },
)
