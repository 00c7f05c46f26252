// Sets up SDK 2.x with the same few functions as test/support/sdk3.ts.
import { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

export const sdkVersion = '2.x'
export const neverSampled = () => new AlwaysOffSampler()
export const makeProvider = (options) => new BasicTracerProvider(options)
export const makeBatchProcessor = (exporter, options) => new BatchSpanProcessor(exporter, options)
