/**
 * OpenTelemetry for `flushed`: a span processor that knows what is open, what is in flight and what was acknowledged.
 *
 * @module
 */
export { otel, type OtelTelemetry } from './otel.ts'
export type { OtelOptions } from './options.ts'
export type { ExportResult, Exporter, FinishedSpan, SpanProcessor, StartedSpan } from './types.ts'
