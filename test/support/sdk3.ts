/**
 * Sets up SDK 3.x with a few functions. Tests import this file as `#sdk`; in their second run, `#sdk` is SDK 2.x
 * (`test/runtimes/sdk2/sdk.mjs`).
 */
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace'

export type { ReadableSpan }

export const sdkVersion: string = '3.x'
export const neverSampled = () => new AlwaysOffSampler()
export const makeProvider = (options: TracerProviderOptions) => new TracerProvider(options)
export const makeBatchProcessor = (exporter: SpanExporter, options?: Omit<BatchSpanProcessorOptions, 'exporter'>) =>
  new BatchSpanProcessor({ exporter, ...options })
