/**
 * The same application on each of the servers, for tests and for the benchmark: `node app.mjs <server> <telemetry>`.
 *
 * Its telemetry is `flushed`, or `batch`: OpenTelemetry's batch processor and a root span made by hand, as applications without
 * `flushed` have it. It sends its parent process the port, and then what the parent asks for.
 */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'

const [server, kind] = process.argv.slice(2)
const { SETTINGS = '{}' } = process.env
/** Options of `otel()`, of the wrap, and of the exporter; what the application does about signals; the span in front of `flushed`. */
const { otel: otelOptions, options, exporter: exporterOptions, onSignal, layer } = JSON.parse(SETTINGS)

const exporter = new OTLPTraceExporter(exporterOptions)
const { spanProcessor, ...middlewares } = await import(`./${kind}.mjs`).then(({ setUp }) => setUp({ exporter, otelOptions, options }))
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [spanProcessor] }))
const tracer = trace.getTracer('app')

/** The work of a request: an operation with a span of its own. */
async function load(id) {
  return tracer.startActiveSpan('load', async (span) => {
    await undefined
    span.end()
    return { id }
  })
}

/** Resolves when the parent sends the message `release`. */
const released = new Promise((resolve) => process.on('message', (message) => message === 'release' && resolve()))

const servers = {
  async node() {
    const { createServer } = await import('node:http')
    return createServer(middlewares.node(async (request, response) => {
      const [, first, id] = request.url.split(/[/?]/)
      if (first === 'held') await released
      if (first === 'self') await fetch(`http://${request.headers.host}${request.url.slice('/self'.length)}`)
      if (first === 'slow') await sleep(Number(id))
      if (first === 'audited') middlewares.waitUntil(sleep(Number(id)).then(() => tracer.startSpan('audit').end()))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(await load(id)))
    }))
  },

  async express(name = 'express') {
    const { default: express } = await import(name)
    const app = express()
    if (layer === 'ended') app.use((_request, _response, next) => tracer.startActiveSpan('layer', (span) => (span.end(), next())))
    app.use(middlewares.express)
    app.get('/orders/:id', async (request, response) => response.json(await load(request.params.id)))
    app.get('/held/:id', async (request, response) => {
      await released
      response.json(await load(request.params.id))
    })
    app.get('/slow/:ms', async (request, response) => {
      await sleep(Number(request.params.ms))
      response.json(await load(request.params.ms))
    })
    return app
  },

  express4: () => servers.express('express4'),

  async hono() {
    const { Hono } = await import('../hono/node_modules/hono/dist/index.js')
    const { createAdaptorServer } = await import('../hono/node_modules/@hono/node-server/dist/index.mjs')
    const app = new Hono()
    if (layer === 'open') app.use((_c, next) => tracer.startActiveSpan('layer', (span) => next().finally(() => span.end())))
    app.use(middlewares.hono)
    app.get('/orders/:id', async (c) => c.json(await load(c.req.param('id'))))
    app.get('/held/:id', async (c) => {
      await released
      return c.json(await load(c.req.param('id')))
    })
    app.get('/slow/:ms', async (c) => {
      await sleep(Number(c.req.param('ms')))
      return c.json(await load(c.req.param('ms')))
    })
    return createAdaptorServer({ fetch: app.fetch })
  },

  async fastify() {
    const { default: fastify } = await import('fastify')
    const app = fastify({ forceCloseConnections: true })
    await app.register(middlewares.fastify, options)
    app.get('/orders/:id', (request) => load(request.params.id))
    app.get('/held/:id', async (request) => {
      await released
      return load(request.params.id)
    })
    app.get('/slow/:ms', async (request) => {
      await sleep(Number(request.params.ms))
      return load(request.params.ms)
    })
    return {
      listen(port, host, ready) {
        void app.listen({ port, host }).then(ready)
        return app.server
      },
    }
  },
}

const app = await servers[server]()
const listening = app.listen(0, '127.0.0.1', () => process.send(listening.address().port))

process.on('message', async (message) => {
  if (message === 'close') listening.close(() => process.disconnect())
  if (message === 'memory') {
    globalThis.gc?.()
    process.send(process.memoryUsage().heapUsed)
  }
  if (message === 'cpu') process.send(process.cpuUsage())
})

if (onSignal === 'close') process.once('SIGTERM', () => listening.close(() => process.exit(7)))
if (onSignal === 'drain') {
  const { drain } = await import('../../../dist/node.js')
  process.once('SIGTERM', () => listening.close(async () => {
    await drain()
    process.exit(7)
  }))
}
if (onSignal === 'again') {
  // As shutdown libraries do it. Something else keeps the process alive.
  const kept = setInterval(() => {}, 1000)
  process.once('disconnect', () => clearInterval(kept))
  process.once('SIGTERM', () => listening.close(() => process.kill(process.pid, 'SIGTERM')))
}
if (onSignal?.startsWith('signal-exit')) {
  const { onExit, default: onExit3 } = await import(onSignal)
  ;(onExit ?? onExit3)(() => void writeSync(2, 'exit hook\n'))
}
// When the parent is gone, this process ends, too.
process.once('disconnect', () => listening.close())
