// A program that makes many wraps and many invocations, shuts down, and then reports what is left.
// Its argument is the entry to use: `flushed`, `flushed/lambda`, `flushed/lambda/register` or `flushed/node`.
import { Agent, createServer, get } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { listeners, sockets, timers } from './left.mjs'

const [entry] = process.argv.slice(2)
/** Milliseconds that a flush may take. The fake context leaves an invocation three times as many. */
const TIMEOUT_MS = 500
const WRAPS = 20
const INVOCATIONS = 5

// With this listener, the program itself decides when the process ends, and `flushed` does not.
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

/** A fake context with the properties of a real one. */
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
    // The response may not have waited for the flush.
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
// The exporter keeps its connections after the shutdown: the agent has to close them.
agent.destroy()
// A cleared alarm stays for as long as it could be reused, without keeping the process alive. A socket takes a while to close.
for (let i = 0; i < 30 && (listeners().SIGTERM > 1 || timers().length + sockets().length > 0); i++) await sleep(100)
process.send({ before, after: listeners(), idle, timers: timers(), sockets: sockets() })
process.disconnect()
