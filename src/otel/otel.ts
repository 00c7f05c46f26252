/**
 * OpenTelemetry as a telemetry of the lifecycle.
 *
 * @module
 */
import type { Tracer, TracerProvider } from '@opentelemetry/api'
import { type FlushableProvider, globalProviders, providerFlush } from '../core/globals.ts'
import { noSpans } from '../core/report.ts'
import type { NamedFlush, SpanCounts, Stage, Telemetry } from '../core/types.ts'
import { type OtelOptions, resolveOtelOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Pipeline } from './pipeline.ts'
import { InvocationSpanProcessor } from './processor.ts'
import { Tracked } from './track.ts'
import type { Exporter, SpanProcessor } from './types.ts'

/** What `otel()` makes: a telemetry for wraps, and a span processor for the tracer provider. */
export interface OtelTelemetry extends Telemetry {
  /** For the tracer provider's `spanProcessors`, in SDK 2.x and 3.x alike. */
  readonly spanProcessor: SpanProcessor
  /**
   * For a batch processor that you keep: returns the exporter with its exports counted, so that a flush waits for those
   * that had started before it. `forceFlush()` of OpenTelemetry's batch processors does not.
   *
   * @example
   * const telemetry = otel()
   * const batches = new BatchSpanProcessor({ exporter: telemetry.track(new OTLPTraceExporter()) })
   * const provider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor, batches] })
   */
  track<E extends Exporter>(exporter: E): E
}

/**
 * Makes a telemetry of OpenTelemetry's parts.
 *
 * Its `spanProcessor` keeps the finished spans of each invocation, and hands them to the exporter in one request at the
 * invocation's flush. A span counts as delivered when the exporter has said so.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * const telemetry = otel({ exporter: new OTLPTraceExporter() })
 * trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
 * export const handler = withTelemetry(async (event) => { … }, { telemetry })
 */
export function otel(options: OtelOptions = {}): OtelTelemetry {
  const { exporters, limits } = resolveOtelOptions(options)
  const outboxes = exporters.map((exporter) => new Outbox(exporter, limits.maxQueueSize))
  const pipeline = new Pipeline(outboxes, limits)
  const tracked: Tracked[] = []
  const waits: NamedFlush[] = outboxes.map((outbox) => ({
    name: outbox.name,
    flush: ({ invocation }) => pipeline.settle(outbox, invocation),
    urge: () => outbox.urge(),
  }))
  const stages: Stage[] = [
    { name: 'buffers', flushables: [handOff(pipeline), ...providers(options, exporters.length > 0)] },
    { name: 'exporters', network: true, flushables: waits },
  ]
  const telemetry: OtelTelemetry = {
    needsProvider: true,
    stages,
    spanProcessor: new InvocationSpanProcessor(pipeline),
    track<E extends Exporter>(exporter: E): E {
      const track = new Tracked(exporter)
      tracked.push(track)
      waits.push(track)
      return track.proxy<E>()
    },
    defer: (invocation) => pipeline.defer(invocation),
    backlog: () => pipeline.backlog,
    count: (invocation) => tracked.reduce(add, pipeline.count(invocation) ?? noSpans()),
  }
  const { tracerProvider } = options
  if (isTracerProvider(tracerProvider)) {
    let tracer: Tracer | undefined
    telemetry.tracer = () => (tracer ??= tracerProvider.getTracer('flushed'))
  }
  pipeline.telemetry = telemetry
  return telemetry
}

const handOff = (pipeline: Pipeline): NamedFlush => ({
  name: 'spans',
  flush: ({ invocation }) => pipeline.handOff(invocation),
})

const SIGNALS = ['tracerProvider', 'meterProvider', 'loggerProvider'] as const

function providers(options: OtelOptions, exporting: boolean): NamedFlush[] {
  const flushes: NamedFlush[] = []
  for (const signal of SIGNALS) {
    const given = options[signal] ?? (signal === 'tracerProvider' && exporting ? false : undefined)
    if (given !== false) flushes.push(providerFlush(signal, given ? () => given : globalProviders[signal]))
  }
  return flushes
}

const isTracerProvider = (provider: FlushableProvider | false | undefined): provider is FlushableProvider & TracerProvider =>
  typeof provider === 'object' && 'getTracer' in provider && typeof provider.getTracer === 'function'

const add = (sum: SpanCounts, tracked: Tracked): SpanCounts => {
  const { acknowledged, failed, pending } = tracked.count()
  sum.acknowledged += acknowledged
  sum.failed += failed
  sum.pending += pending
  return sum
}
