/** The same Worker with `flushed`, which takes care of the root span, open spans, the audit's spans and the flush. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'
import { withTelemetry } from 'flushed/workers'
import { type Env, createOrder } from './business.ts'

function telemetryFor({ OTLP_ENDPOINT }: Env) {
  const telemetry = otel({ exporter: new OTLPTraceExporter({ url: `${OTLP_ENDPOINT}/v1/traces` }) })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
  return telemetry
}

export default withTelemetry({ fetch: createOrder }, (env: Env) => ({
  telemetry: telemetryFor(env),
  timeoutMs: 1000,
  name: 'POST /orders',
}))
