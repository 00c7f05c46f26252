/** The OpenTelemetry SDK 3. Its exporter uses `fetch`, and is made at the first request, because there is no `env` before. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'

export const exporterFor = ({ COLLECTOR }) => new OTLPTraceExporter({ url: `${COLLECTOR}/v1/traces` })

/** @param {import('@opentelemetry/sdk-trace').SpanProcessor} spanProcessor */
export function register(spanProcessor) {
  const provider = new TracerProvider({ spanProcessors: [spanProcessor] })
  trace.setGlobalTracerProvider(provider)
  return provider
}
