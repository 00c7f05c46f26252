/** The application's telemetry without `flushed`: OpenTelemetry's batch processor, and a root span with the same attributes, made by hand. */
import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'

export function setUp({ exporter }) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const tracer = trace.getTracer('by hand')

  function begin(request, response, routeOf) {
    const { method, headers, socket, httpVersion } = request
    const [path, query] = (request.originalUrl ?? request.url).split('?')
    const [host, port] = (headers.host ?? '').split(':')
    const attributes = {
      'http.request.method': method,
      'url.scheme': 'http',
      'server.address': host,
      'server.port': Number(port),
      'url.path': path,
      'client.address': socket.remoteAddress,
      'network.protocol.version': httpVersion,
    }
    if (query) attributes['url.query'] = query
    if (headers['user-agent']) attributes['user_agent.original'] = headers['user-agent']
    const parent = propagation.extract(context.active(), headers)
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent)
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      span.setAttribute('http.response.status_code', response.statusCode)
      const route = routeOf()
      if (route) {
        span.setAttribute('http.route', route)
        span.updateName(`${method} ${route}`)
      }
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
    response.on('finish', end)
    response.on('close', end)
    return trace.setSpan(parent, span)
  }

  return {
    spanProcessor: new BatchSpanProcessor({ exporter }),
    node: (listener) => (request, response) =>
      context.with(begin(request, response, () => undefined), listener, undefined, request, response),
    express: (request, response, next) =>
      context.with(begin(request, response, () => request.baseUrl + request.route?.path), next),
    hono: (c, next) => context.with(begin(c.env.incoming, c.env.outgoing, () => c.req.matchedRoutes.at(-1)?.path), next),
    fastify: Object.assign((instance, _options, done) => {
      instance.addHook('onRequest', (request, reply, next) =>
        context.with(begin(request.raw, reply.raw, () => request.routeOptions.url), next))
      done()
    }, { [Symbol.for('skip-override')]: true }),
  }
}
