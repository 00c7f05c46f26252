// A program that has come to its end: many wraps, many invocations, a shutdown; then it says what is left of all that.
// Its argument is which entry it uses: `flushed`, `flushed/lambda`, `flushed/lambda/register` or `flushed/node`.
import { Agent, createServer, get } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { listeners, sockets, timers } from './left.mjs'

const [entry] = process.argv.slice(2)
/** Milliseconds: what the last invocation leaves for a flush, and for a handler. */
const TIMEOUT_MS = 500
const WRAPS = 20
const INVOCATIONS = 5

// Of a process whose end somebody else decides.
process.on('SIGTERM', () => {})
const before = listeners()
const agent = new Agent({ keepAlive: true })
if (entry === 'flushed/lambda/register') await import('flushed/lambda/register')
const { withTelemetry } = await import(entry === 'flushed/lambda/register' ? 'flushed/lambda' : entry)
const { otel } = await import('flushed/otel')

const exporter = new OTLPTraceExporter({ url: `${process.env.COLLECTOR}/v1/traces`, httpAgentOptions: () => agent })
const telemetry = otel({ exporter })
const provider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor] })
trace.setGlobalTracerProvider(provider)
const tracer = trace.getTracer('orders')
let flushes = 0
const options = { telemetry, timeoutMs: TIMEOUT_MS, onFlush: () => void flushes++ }

/** What a real context has. */
const context = (id) => ({
  awsRequestId: `9f1c2f60-6f0a-4f3e-8a44-${String(id).padStart(12, '0')}`,
  functionName: 'orders',
  functionVersion: '7',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:orders:live',
  getRemainingTimeInMillis: () => 3 * TIMEOUT_MS,
})
const orders = async () => {
  for (let child = 0; child < 5; child++) tracer.startActiveSpan('step', (span) => span.end())
}

let requests = 0

async function called() {
  const handler = withTelemetry(orders, options)
  for (let i = 0; i < INVOCATIONS; i++) {
    await handler({}, context((requests += 1)))
    // Where the response does not wait for it.
    while (flushes < requests) await sleep(1)
  }
}

async function served() {
  const listener = withTelemetry(async (_request, response) => {
    await orders()
    response.end()
  }, options)
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let i = 0; i < INVOCATIONS; i++) {
    const [response] = await once(get({ host: '127.0.0.1', port: server.address().port, agent: false }), 'response')
    await once(response.resume(), 'end')
  }
  server.close()
  await once(server, 'close')
}

for (let wraps = 0; wraps < WRAPS; wraps++) await (entry === 'flushed/node' ? served() : called())

const idle = process.getActiveResourcesInfo()
process.emit('SIGTERM', 'SIGTERM')
await provider.shutdown()
// Exporters keep their connections, and have been told of the end: those are for their agent to close.
agent.destroy()
// An alarm that is cleared stays for as long as it could be of use, and keeps nothing alive; a socket closes in its time.
for (let i = 0; i < 30 && (listeners().SIGTERM > 1 || timers().length + sockets().length > 0); i++) await sleep(100)
process.send({ before, after: listeners(), idle, timers: timers(), sockets: sockets() })
process.disconnect()
