/**
 * OpenTelemetry's SDK, as far as it is used here: structural types that SDK 2.x and 3.x both satisfy, so that neither
 * is a dependency and two copies of one do not matter.
 *
 * @module
 */
import type { Context, Span, SpanContext } from '@opentelemetry/api'

/** A finished span. */
export interface FinishedSpan {
  spanContext(): SpanContext
  readonly resource?: Resource
}

/** What a provider's spans are of. */
export interface Resource {
  /** Whether some of its attributes are still being found out. */
  readonly asyncAttributesPending?: boolean | undefined
  waitForAsyncAttributes?(): Promise<unknown>
}

/** A span that has just been started, with what the SDK's spans tell beyond the API's. */
export type StartedSpan = Span & { readonly parentSpanContext?: SpanContext | undefined }

/** What an exporter answers: code 0 means acknowledged. */
export interface ExportResult {
  code: number
  error?: Error
}

/** An exporter of any signal. */
export interface Exporter {
  // oxlint-disable-next-line typescript/no-explicit-any -- each SDK version has its own item type, all of them fit
  export(items: any, resultCallback: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

/** A `SpanProcessor` of SDK 2.x and 3.x alike. */
export interface SpanProcessor {
  onStart(span: StartedSpan, parentContext: Context): void
  onEnd(span: FinishedSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}
