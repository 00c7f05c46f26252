// A function that is CommonJS throughout.
if (process.env.REQUIRE !== 'no') require('flushed/lambda/register')
const { trace } = require('@opentelemetry/api')
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http')
const { TracerProvider } = require('@opentelemetry/sdk-trace')
const { withTelemetry } = require('flushed/lambda')
const { otel } = require('flushed/otel')

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

exports.handler = withTelemetry(async ({ id }) => {
  trace.getTracer('orders').startSpan('child').end()
  return { id }
}, { telemetry })

exports.streams = awslambda.streamifyResponse(withTelemetry(async ({ id }, stream) => {
  trace.getTracer('orders').startSpan('child').end()
  stream.end(`order ${id}`)
}, { telemetry }))
