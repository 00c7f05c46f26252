// Every span has been handed to a slow export when the handler returns: once with OpenTelemetry's batch processor and
// the usual pattern, once wrapped.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const BATCH = 4
const wrapping = process.env._HANDLER.endsWith('.flushed')

const exporter = new OTLPTraceExporter()
const telemetry = otel({ exporter, maxBufferSize: BATCH })
const batches = new BatchSpanProcessor({ exporter, maxExportBatchSize: BATCH })
const provider = new TracerProvider({ spanProcessors: [wrapping ? telemetry.spanProcessor : batches] })
trace.setGlobalTracerProvider(provider)
const tracer = trace.getTracer('orders')

function work(spans) {
  for (let i = 0; i < spans; i++) tracer.startSpan(`step ${i}`).end()
}

export const pattern = async (event) => {
  const root = tracer.startSpan('root')
  try {
    work(BATCH - 1)
    return event
  } finally {
    root.end() // the batch is full, its export starts
    await provider.forceFlush()
  }
}

export const flushed = withTelemetry(async (event) => {
  work(BATCH)
  return event
}, { telemetry, name: 'root' })
