/**
 * Makes a telemetry for the lifecycle from OpenTelemetry's exporters and providers.
 *
 * @module
 */
import type { Tracer, TracerProvider } from '@opentelemetry/api'
import { globalProviders, providerFlush } from '../core/globals.ts'
import { noSpans } from '../core/report.ts'
import type { NamedFlush, SpanCounts, Telemetry } from '../core/types.ts'
import { answersOf } from './ledger.ts'
import { type OtelOptions, resolveOtelOptions } from './options.ts'
import { makeOutbox } from './outbox.ts'
import { makeProcessor } from './processor.ts'
import { counted, tracked } from './track.ts'
import type { Exporter, SpanProcessor } from './types.ts'

/** The result of `otel()`: a telemetry for wraps, with a span processor for the tracer provider. */
export interface OtelTelemetry extends Telemetry {
  /** Add it to the tracer provider's `spanProcessors`. Works with SDK 2.x and 3.x. */
  readonly spanProcessor: SpanProcessor
  /**
   * Returns the exporter with its exports counted, so that a flush waits for exports that started before it. Use it for a
   * batch processor that you keep: `forceFlush()` of OpenTelemetry's batch processors does not wait for such exports.
   *
   * @example
   * const telemetry = otel()
   * const batches = new BatchSpanProcessor({ exporter: telemetry.track(new OTLPTraceExporter()) })
   * const provider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor, batches] })
   */
  track<E extends Exporter>(exporter: E): E
}

/**
 * Makes a telemetry from OpenTelemetry's exporters and providers.
 *
 * Its `spanProcessor` keeps the finished spans of each invocation, and passes them to the exporter in one request at the
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
  const outboxes = exporters.map((exporter) => makeOutbox(exporter, limits))
  const all = [...outboxes]
  const told: (() => void)[] = []
  let heard: (() => void) | undefined
  const handOff: NamedFlush = {
    name: 'spans',
    // It holds nothing itself. The outboxes tell whether they are idle.
    idle: () => true,
    flush({ invocation }) {
      outboxes.forEach((outbox) => outbox.handOff(invocation))
      return 'nothing_to_send'
    },
  }
  const telemetry: OtelTelemetry = {
    needsProvider: true,
    needsProcessor: exporters.length > 0,
    stages: [
      { name: 'buffers', flushables: [handOff, ...providers(options, exporters.length > 0)] },
      { name: 'exporters', flushables: all },
    ],
    // Compares `count`, not the telemetry: `stages()` makes a new telemetry from this one and others.
    spanProcessor: makeProcessor(
      outboxes,
      (owner) => (owner?.telemetry.count === telemetry.count ? owner : undefined),
      () => heard?.(),
      () => {
        heard = undefined
        told.forEach((over) => over())
      },
    ),
    // Without exporters here, the application makes the exports, and decides when.
    strays: (each) => (heard = exporters[0] && each),
    track<E extends Exporter>(exporter: E): E {
      const outbox = makeOutbox(exporter, { ...limits, maxQueueSize: 0 })
      all.push(counted(outbox))
      return tracked(exporter, outbox)
    },
    defer: (invocation) => outboxes.forEach((outbox) => outbox.defer(invocation)),
    backlog: () => outboxes.reduce((most, outbox) => Math.max(most, outbox.backlog()), 0),
    count: (invocation) => all.reduce((counts, outbox) => worst(counts, outbox.count(invocation)), noSpans()),
    ended: (over) => void told.push(over),
    answered(invocation) {
      const open = all.flatMap((outbox) => outbox.open(invocation))
      return open[0] && answersOf(open)
    },
  }
  const { tracerProvider } = options
  if (tracerProvider && 'getTracer' in tracerProvider) {
    let tracer: Tracer | undefined
    telemetry.tracer = () => (tracer ??= (tracerProvider as TracerProvider).getTracer('flushed'))
  }
  return telemetry
}

function providers(options: OtelOptions, exporting: boolean): NamedFlush[] {
  const flushes: NamedFlush[] = []
  for (const [name, global] of Object.entries(globalProviders)) {
    const given = options[name as keyof typeof globalProviders] ?? !(exporting && name === 'tracerProvider')
    if (given) flushes.push(providerFlush(name, given === true ? global : () => given))
  }
  return flushes
}

// Every span exporter gets all spans, so the worst count holds. Exporters of metrics and logs have no spans to count.
function worst(counts: SpanCounts, others: SpanCounts): SpanCounts {
  if (isNothing(counts)) return others
  if (isNothing(others)) return counts
  for (const fate of Object.keys(counts) as (keyof SpanCounts)[]) {
    counts[fate] = Math[fate === 'acknowledged' ? 'min' : 'max'](counts[fate], others[fate])
  }
  return counts
}

const isNothing = ({ acknowledged, failed, pending, carriedOver }: SpanCounts): boolean =>
  acknowledged + failed + pending + carriedOver === 0
