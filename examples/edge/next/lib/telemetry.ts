import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { type OtelTelemetry, otel } from 'flushed/otel'

declare global {
  var telemetry: OtelTelemetry | undefined
}

// On the edge runtime the exporter is the one for browsers, which does not read the environment; and `next build` has none.
const collector = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? 'http://localhost:4318'

/** Shared by all: Next runs a module once for the instrumentation, once for the proxy, and once for routes. */
export const telemetry = (globalThis.telemetry ??= otel({ exporter: new OTLPTraceExporter({ url: `${collector}/v1/traces` }) }))
