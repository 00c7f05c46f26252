/** The tracing SDK under test, set up as an application sets it up, with an exporter whose answers the test decides. */
import { context, trace } from '@opentelemetry/api'
import { type ReadableSpan, makeProvider } from '#sdk'
import { type OtelOptions, otel } from 'flushed/otel'
import { inMemoryExporter } from 'flushed/testing'
import { isolate } from '../../src/core/isolate.ts'

export type { ReadableSpan }
export { names } from './names.ts'

/** A pipeline with an in-memory exporter, registered globally. */
export function pipeline(options: OtelOptions = {}, mode: 'sync' | 'microtask' | 'hold' | 'throw' = 'microtask') {
  const exporter = inMemoryExporter<ReadableSpan>({ mode })
  const telemetry = otel({ exporter, ...options })
  const provider = makeProvider({ spanProcessors: [telemetry.spanProcessor] })
  trace.disable()
  trace.setGlobalTracerProvider(provider)
  return { exporter, telemetry, provider, tracer: trace.getTracer('app') }
}

/** Runs an invocation, and calls `answer` once its export has been made. */
export async function answering<T>(
  exporter: { nextExport(): Promise<unknown> },
  handler: () => Promise<T>,
  answer: () => void,
): Promise<T> {
  const exported = exporter.nextExport()
  const run = handler()
  await exported
  answer()
  return run
}

/** Forgets everything global, so that the next test starts in a new isolate. */
export function newIsolate(): void {
  trace.disable()
  context.disable()
  // `flushed` looks for a context manager, or for AsyncLocalStorage, only once for each isolate: `managed` makes it look again.
  Object.assign(isolate, { managed: undefined, aside: undefined, previous: undefined, running: undefined, clock: undefined })
  isolate.live.length = 0
  isolate.warned.clear()
}
