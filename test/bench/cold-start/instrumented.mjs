/** A function with OpenTelemetry and a wrap, as in the README. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from '../../../dist/lambda.js'
import { otel } from '../../../dist/otel.js'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

export const handler = withTelemetry(async () => ({ done: true }), { telemetry })
