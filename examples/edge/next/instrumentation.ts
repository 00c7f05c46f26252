import { trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { telemetry } from './lib/telemetry.ts'

/** Called by Next once for each runtime, before its first request. */
export function register(): void {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
}
