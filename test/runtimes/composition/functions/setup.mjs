// The telemetry of the functions here: OpenTelemetry's SDK 3.x, and an OTLP exporter configured by the standard variable.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { kit } from './cells.mjs'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

export const { cells, flushed, options, order, streamed } = kit({ trace, withTelemetry }, telemetry)
