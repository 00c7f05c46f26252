/**
 * SDK 3.x behind the few functions by which the tests set it up. Tests import this as `#sdk`, which is SDK 2.x in their
 * second run (`test/runtimes/sdk2/sdk.mjs`).
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
