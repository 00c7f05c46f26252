/**
 * The parts of OpenTelemetry's SDK that are used here, as structural types that SDK 2.x and 3.x both satisfy. So neither
 * SDK is a dependency, and two copies of one do not matter.
 *
 * @module
 */
import type { Context, Span, SpanContext } from '@opentelemetry/api'

/** A finished span. */
export interface FinishedSpan {
  spanContext(): SpanContext
  readonly resource?: Resource
}

/** The entity that a provider's spans come from, such as a service. */
export interface Resource {
  /** Whether some of its attributes are still being detected. */
  readonly asyncAttributesPending?: boolean | undefined
  waitForAsyncAttributes?(): Promise<unknown>
}

/** A span that has just been started, with a property that the SDK's spans have and the API's do not. */
export type StartedSpan = Span & { readonly parentSpanContext?: SpanContext | undefined }

/** The answer of an exporter. Code 0 means acknowledged. */
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

/** A `SpanProcessor` for both SDK 2.x and 3.x. */
export interface SpanProcessor {
  onStart(span: StartedSpan, parentContext: Context): void
  onEnd(span: FinishedSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}
