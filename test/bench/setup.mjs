/** Sets up the OpenTelemetry SDK as an application does, with the same copy, sampler and exporter for every contestant. */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { AlwaysOffSampler, AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { exported } from './exported.mjs'

/** @typedef {'noop' | 'unsampled' | 'collector'} Mode */

const noop = {
  export(spans, done) {
    exported.spans += spans.length
    done({ code: 0 })
  },
  async forceFlush() {},
  async shutdown() {},
}

/**
 * @param {Mode} mode
 * @param {string} url of the collector
 */
export const exporterFor = (mode, url) => (mode === 'collector' ? new OTLPTraceExporter({ url }) : noop)

/**
 * Registers a tracer provider globally.
 *
 * @param {Mode} mode
 * @param {import('@opentelemetry/sdk-trace').SpanProcessor} spanProcessor
 */
export function register(mode, spanProcessor) {
  const sampler = mode === 'unsampled' ? new AlwaysOffSampler() : new AlwaysOnSampler()
  const provider = new TracerProvider({ sampler, spanProcessors: [spanProcessor] })
  trace.setGlobalTracerProvider(provider)
  return provider
}

/** Registers a context manager, for contestants that do not bring one. */
export const registerContextManager = () => context.setGlobalContextManager(new AsyncLocalStorageContextManager())
