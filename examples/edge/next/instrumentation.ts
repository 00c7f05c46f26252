import { trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { telemetry } from './lib/telemetry.ts'

/** Next calls this once for each runtime, before that runtime's first request. */
export function register(): void {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
}
