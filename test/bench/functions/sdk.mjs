/** The OpenTelemetry SDK 3, as its documentation sets it up. */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'

export const exporter = () => new OTLPTraceExporter({ url: `${process.env.COLLECTOR}/v1/traces` })

/** @param {import('@opentelemetry/sdk-trace').SpanProcessor} spanProcessor */
export function register(spanProcessor) {
  const provider = new TracerProvider({ spanProcessors: [spanProcessor] })
  trace.setGlobalTracerProvider(provider)
  return provider
}

export const registerContextManager = () => context.setGlobalContextManager(new AsyncLocalStorageContextManager())
