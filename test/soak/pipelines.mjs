/** Three lifetimes, each with a pipeline and an exporter of its own: a response that waits, `waitUntil`, and a process that stays. */
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { currentInvocation, span, waitUntil, withTelemetry as wrap } from 'flushed'
import { drain, withTelemetry as wrapListener } from 'flushed/node'
import { otel } from 'flushed/otel'
import { withTelemetry as wrapWorker } from 'flushed/workers'
import { Account } from './account.mjs'

const TIMEOUT_MS = 400

function pipeline(name, url) {
  const account = new Account(name)
  // Outages last longer than these limits allow: some spans must be lost, and reported as lost.
  const telemetry = otel({
    exporter: new OTLPTraceExporter({ url: `${url}/v1/traces`, timeoutMillis: 1500 }),
    maxBufferSize: 16,
    maxQueueSize: 128,
    flushIntervalMs: 200,
  })
  const provider = new TracerProvider({ spanProcessors: [account.processor, telemetry.spanProcessor] })
  const tracer = provider.getTracer(name)
  const options = { telemetry: { ...telemetry, tracer: () => tracer }, timeoutMs: TIMEOUT_MS, onFlush: account.onFlush, logger: false }
  return { account, tracer, options, provider }
}

/** The work of a handler: child spans that end, are left open or come late; background work; and sometimes an error. */
async function work({ tracer, account, provider }, random) {
  account.invocations++
  for (let child = random(0, 6); child > 0; child--) {
    const opened = tracer.startSpan('child', {}, context.active())
    if (random(0, 3)) await sleep(random(0, 15))
    if (random(0, 5)) opened.end()
  }
  if (!random(0, 5)) span('left')
  if (!random(0, 8)) void provider.forceFlush().catch(() => {})
  if (!random(0, 3)) {
    waitUntil(
      sleep(random(0, 300)).then(() => {
        tracer.startSpan('background', {}, context.active()).end()
        if (!random(0, 4)) throw new Error('background work has failed')
      }),
    )
  }
  if (!random(0, 5)) {
    const within = trace.setSpan(context.active(), currentInvocation().root)
    void sleep(random(0, 1000)).then(() => tracer.startSpan('late', {}, within).end())
  }
  if (!random(0, 12)) throw new Error('the handler has failed')
  return 'done'
}

/** Each pipeline has `once`, which runs one invocation and never fails; `flush`, after which nothing is in flight; and an account. */
export async function pipelines(url, random) {
  return [awaiting(pipeline('the response waits', url), random), worker(pipeline('waitUntil', url), random), await server(pipeline('a server', url), random)]
}

function awaiting(its, random) {
  const handler = wrap(() => work(its, random), { ...its.options, name: 'handler' })
  const last = wrap(async () => {}, { ...its.options, name: 'last' })
  return { account: its.account, once: () => handler().catch(() => {}), flush: () => last(), close: () => {} }
}

function worker(its, random) {
  const options = { ...its.options, name: 'worker' }
  const { fetch } = wrapWorker({ fetch: async () => new Response(await work(its, random)) }, options)
  const { fetch: last } = wrapWorker({ fetch: async () => new Response() }, options)
  const under = new Set()
  const call = async (handler) => {
    const waitUntil = (promise) => {
      const over = promise.catch(() => {}).then(() => under.delete(over))
      under.add(over)
    }
    const response = await handler(new Request('http://worker/'), {}, { waitUntil, passThroughOnException() {} }).catch(() => undefined)
    await response?.text()
  }
  return {
    account: its.account,
    once: () => call(fetch),
    async flush() {
      await call(last)
      while (under.size > 0) await Promise.all(under)
    },
    close: () => {},
  }
}

async function server(its, random) {
  const listener = async (request, response) => {
    try {
      response.end(await work(its, random))
    } catch {
      response.writeHead(500).end()
    }
  }
  const listening = createServer(wrapListener(listener, { ...its.options, name: 'server' }))
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${listening.address().port}/`
  return {
    account: its.account,
    once: async () => void (await (await fetch(url)).text()),
    flush: () => drain(),
    close: () => listening.closeAllConnections() ?? listening.close(),
  }
}
