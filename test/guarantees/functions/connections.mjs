// A span during init, so that the connection to the collector is older than the first freeze. Once with OpenTelemetry's
// exporter, which tries again by itself; once with an exporter that does not.
import http from 'node:http'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const agent = new http.Agent({ keepAlive: true })
const headers = { 'content-type': 'application/json' }

const impatient = {
  export(spans, done) {
    const url = `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => done({ code: response.statusCode === 200 ? 0 : 1 }))
    })
    request.once('error', (error) => done({ code: 1, error }))
    request.end(JsonTraceSerializer.serializeRequest(spans))
  },
  async shutdown() {},
}

const exporter = process.env._HANDLER.endsWith('.impatient') ? impatient : new OTLPTraceExporter()
const telemetry = otel({ exporter })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
const tracer = trace.getTracer('orders')
const options = { telemetry, timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000) }

tracer.startSpan('init').end()
await telemetry.spanProcessor.forceFlush()

// Synchronous up to its flush: since the thaw, no turn of the event loop has let the sockets notice that they are closed.
export const stock = withTelemetry(() => tracer.startSpan('child').end(), options)
export { stock as impatient }
