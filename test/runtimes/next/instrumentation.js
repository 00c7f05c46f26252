import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'

export function register() {
  const exporter = new OTLPTraceExporter({ url: `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces` })
  const { spanProcessor } = otel({ exporter })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [spanProcessor] }))
}
