import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { otel } from 'flushed/otel'

function make() {
  // Where there is none it is the build that asks, which loads routes to see what they export.
  const collector = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://localhost:4318'
  return otel({ exporter: new OTLPTraceExporter({ url: `${collector}/v1/traces` }) })
}

// One for all: Next runs a module once for the instrumentation, once for the proxy, and once for routes.
export const telemetry = (globalThis.telemetry ??= make())

/** What routes are wrapped with. Reports go to the log, for the tests to read. */
export const options = { telemetry, onFlush: (report) => console.log(`report ${JSON.stringify(report)}`) }
