// A function that has come to its end: many wraps, many invocations, a shutdown; then it says what is left of all that.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const listeners = () => Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]))

const before = listeners()
const telemetry = otel({ exporter: new OTLPTraceExporter({ url: `${process.env.COLLECTOR}/v1/traces` }) })
const provider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor] })
trace.setGlobalTracerProvider(provider)
const tracer = trace.getTracer('orders')

/** What a real context has. */
const context = (id) => ({
  awsRequestId: `9f1c2f60-6f0a-4f3e-8a44-${String(id).padStart(12, '0')}`,
  functionName: 'orders',
  functionVersion: '7',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:orders:live',
  getRemainingTimeInMillis: () => 3000,
})
const orders = async () => {
  for (let child = 0; child < 5; child++) tracer.startActiveSpan('step', (span) => span.end())
}

for (let wraps = 0; wraps < 20; wraps++) {
  const handler = withTelemetry(orders, { telemetry })
  for (let id = 0; id < 5; id++) await handler({}, context(id))
}
const idle = process.getActiveResourcesInfo()
await provider.shutdown()
process.send({ before, after: listeners(), idle })
process.disconnect()
