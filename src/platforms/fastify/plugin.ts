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

/** A request of Fastify, as far as it is used here. */
interface FastifyRequest {
  [EXCHANGE]?: Exchange
  readonly raw: IncomingMessage
  readonly routeOptions: { readonly url?: string | undefined }
}

/** A reply of Fastify, as far as it is used here. */
interface FastifyReply {
  readonly raw: ServerResponse
  getHeaders(): Readonly<Record<string, unknown>>
}

/** An instance of Fastify, as far as it is used here. */
export interface FastifyInstance {
  addHook(name: string, hook: (...args: never[]) => unknown): unknown
}

/** What `register` takes for itself, and hands on to the plugin among its options. */
interface RegisterOptions {
  readonly prefix?: unknown
  readonly logLevel?: unknown
  readonly logSerializers?: unknown
}

/** A plugin of Fastify 5, that is for the instance which it is registered in and not for one of its own. */
export type TelemetryPlugin = (instance: FastifyInstance, options: FastifyOptions, done: (error?: Error) => void) => void

/**
 * A plugin of Fastify 5: a root span for each request, with the route that serves it, open until the response has been sent
 * or the client is gone. Register it first: hooks that are added before are not part of the invocation.
 *
 * The flush is off the path of the response, and `app.close()` waits for the last one.
 *
 * Fastify's own options of `register` (`prefix`, `logLevel`, `logSerializers`) are let through and change nothing here, as with
 * any plugin that is not encapsulated: which requests there is a span for is a matter of the instance.
 *
 * @throws TypeError, from `register`, when an option is unknown or has a bad value
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
      // What a plugin with a callback throws would be an uncaught exception.
      return done(error as Error)
    }
    instance.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, next: () => void) => {
      const open = exchange(wrap, request.raw, reply.raw, {
        route: () => request.routeOptions.url,
        // Fastify hands headers over as it writes them, which Node does not tell of.
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
    // After the last response. Whoever closes an application may well exit then; other servers of the process may go on.
    instance.addHook('onClose', () => drainAll(stopped('close'), undefined, wrap))
    done()
  }) satisfies TelemetryPlugin,
  {
    // What plugins say so that their hooks are those of the instance. Source: Fastify, "Plugins", "Handle the scope".
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'flushed',
    [Symbol.for('plugin-meta')]: { name: 'flushed' },
  },
)
