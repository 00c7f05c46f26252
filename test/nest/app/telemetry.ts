import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'

export { Flushed, Telemetry, Traced } from 'flushed/decorators'

export const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

/** Options of every wrap in this application. They switch off the log, which nobody reads. */
export const options = { telemetry, timeoutMs: 5000, logger: false } as const
