// A server on Bun and on Deno: the same answers without telemetry (`/bare/…`) and with it (`/edge/…`, `/hono/…`).
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { Hono } from 'hono'
import { span } from 'flushed'
import { withTelemetry } from 'flushed/edge'
import { telemetry as flushed } from 'flushed/hono'
import { otel } from 'flushed/otel'

const { Bun, Deno } = globalThis
const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
const options = { telemetry, flush: 'before-response', logger: { warn: console.error } }

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const encode = (text) => new TextEncoder().encode(text)
const text = 'hello world '.repeat(5)

/** A stream with a chunk, and a span for it, every 20 ms. */
const chunks = (count) => {
  let chunk = 0
  return new ReadableStream({
    async pull(controller) {
      await pause(20)
      span(`chunk ${chunk}`).end()
      if (chunk++ < count) controller.enqueue(encode(`chunk ${chunk}\n`))
      else controller.close()
    },
  })
}

async function* generated() {
  for (const word of text.split(' ')) {
    await pause(5)
    yield encode(word)
  }
}

const answers = {
  text: () => new Response(text),
  html: () => new Response('<p>hello</p>', { status: 201, headers: { 'content-type': 'text/html', 'x-a': 'ReadableStream {' } }),
  json: () => Response.json({ text }),
  bytes: () => new Response(encode(text)),
  image: () => new Response(encode(text), { headers: { 'content-type': 'image/svg+xml' } }),
  blob: () => new Response(new Blob([text], { type: 'text/css' })),
  form: () => new Response(new URLSearchParams({ text })),
  events: () => new Response('data: 1\n\n', { headers: { 'content-type': 'text/event-stream' } }),
  empty: () => new Response(''),
  null: () => new Response(null),
  nothing: () => new Response(null, { status: 204 }),
  file: async () => new Response(Bun ? Bun.file(import.meta.path) : (await Deno.open(new URL(import.meta.url))).readable),
  backend: () => fetch(new URL('/bare/text', origin)),
  stream: () => new Response(chunks(3), { headers: { 'x-stream': '1' } }),
  filled: () => new Response(new ReadableStream({ start: (controller) => (controller.enqueue(encode(text)), controller.close()) })),
  generated: () => new Response(generated()),
  direct: () => new Response(new ReadableStream({ type: 'direct', pull: (controller) => (controller.write(text), controller.close()) })),
  prose: () => new Response(chunks(3), { headers: { 'content-type': 'text/plain' } }),
  endless: () => new Response(chunks(Infinity)),
}

const answer = (request) => {
  span('child').end()
  return answers[new URL(request.url).pathname.split('/')[2]]()
}

const bareHono = new Hono()
const hono = new Hono()
hono.use(flushed(options))
for (const app of [bareHono, hono]) {
  app.get('/:app/c-text', (c) => c.text(text))
  app.get('/:app/c-html', (c) => c.html('<p>hello</p>'))
  app.get('/:app/:answer', (c) => answer(c.req.raw))
}

const edge = withTelemetry(async (request) => answer(request), options)
const handlers = { bare: answer, edge, 'bare-hono': (request) => bareHono.fetch(request), hono: (request) => hono.fetch(request) }
const serve = (request) => handlers[new URL(request.url).pathname.split('/')[1]](request)

const at = { port: 0, hostname: '127.0.0.1' }
const server = Bun ? Bun.serve({ ...at, fetch: serve }) : Deno.serve({ ...at, onListen() {} }, serve)
const origin = `http://127.0.0.1:${(server.addr ?? server).port}/`
console.log(origin)
