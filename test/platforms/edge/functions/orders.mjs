/** Edge functions that `test/support/edge.ts` bundles for `@edge-runtime/vm`. They run with and without `AsyncLocalStorage`. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { openInvocation } from 'flushed'
import { span, withTelemetry } from 'flushed/edge'
import { otel } from 'flushed/otel'

export const warnings = []
export const reports = []

/** Creates the functions. */
export function start(url, more) {
  const telemetry = otel({ exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }) })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
  const logger = { warn: (message) => warnings.push(message) }
  const options = { telemetry, logger, onFlush: (report) => reports.push(report), ...more }
  return {
    orders: withTelemetry(async function orders(request) {
      span('left open')
      span('SELECT orders').end()
      await pause(10)
      return Response.json({ path: new URL(request.url).pathname })
    }, options),
    fail: withTelemetry(async function fail() {
      await pause(1)
      throw problem
    }, options),
    stream: withTelemetry(function stream() {
      let lines = 0
      const body = new ReadableStream({
        async pull(controller) {
          await pause(20)
          if (lines++ === 3) controller.close()
          else controller.enqueue(text.encode(`line ${lines}\n`))
        },
      })
      return new Response(body, { headers: { 'x-lines': '3' } })
    }, options),
    later: withTelemetry(async function later(_request, context) {
      const audit = span('audit')
      context.waitUntil(pause(100).then(() => audit.end()))
      return new Response('accepted', { status: 202 })
    }, options),
    /** Not wrapped: it opens its invocation itself. */
    async opened() {
      {
        await using script = openInvocation({ ...options, name: 'script' })
        script.span('left open')
        await pause(1)
        script.run(() => span('child').end())
      }
      return new Response()
    },
  }
}

const text = new TextEncoder()
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const problem = new RangeError('no such order')
