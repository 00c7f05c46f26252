// What every function here deploys: OpenTelemetry's SDK 3.x, and an OTLP exporter, whose endpoint is in the standard variable.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'

export const telemetry = otel({ exporter: new OTLPTraceExporter() })
export const provider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor] })
trace.setGlobalTracerProvider(provider)
export const tracer = trace.getTracer('orders')
