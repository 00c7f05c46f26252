// What every Worker here deploys: OpenTelemetry's SDK 3.x and its OTLP exporter, both made at the isolate's first event.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'

/** The exporter's own timeout is 10 seconds by default. */
export const exporterFor = ({ COLLECTOR, EXPORTER_TIMEOUT_MS: timeoutMillis }) =>
  new OTLPTraceExporter({ url: `${COLLECTOR}/v1/traces`, ...(timeoutMillis && { timeoutMillis }) })

/** Called once per isolate, as the options of a wrap are. */
export function telemetryFor(env) {
  const telemetry = otel({ exporter: exporterFor(env) })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
  return telemetry
}

/** Every flush leaves a line, which `reports()` of test/support/workers.ts reads. */
export const onFlush = (report) => console.log(`REPORT ${JSON.stringify(report)}`)

export const optionsFor = (env) => ({ telemetry: telemetryFor(env), timeoutMs: env.TIMEOUT_MS ?? 2000, onFlush, logger: false })
