/**
 * OpenTelemetry as a telemetry of the lifecycle.
 *
 * @module
 */
import type { Tracer, TracerProvider } from '@opentelemetry/api'
import { type FlushableProvider, globalProviders, providerFlush } from '../core/globals.ts'
import { noSpans } from '../core/report.ts'
import type { NamedFlush, SpanCounts, Telemetry } from '../core/types.ts'
import { answers } from './ledger.ts'
import { type OtelOptions, resolveOtelOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { makeProcessor } from './processor.ts'
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
  const outboxes = exporters.map((exporter) => new Outbox(exporter, limits))
  const tracked: Tracked[] = []
  const waits: (Outbox | Tracked)[] = [...outboxes]
  const handOff: NamedFlush = {
    name: 'spans',
    flush({ invocation }) {
      for (const outbox of outboxes) outbox.handOff(invocation)
      return 'nothing_to_send'
    },
  }
  const telemetry: OtelTelemetry = {
    needsProvider: true,
    stages: [
      { name: 'buffers', flushables: [handOff, ...providers(options, exporters.length > 0)] },
      { name: 'exporters', network: true, flushables: waits },
    ],
    spanProcessor: makeProcessor(outboxes, (owner) => owner.telemetry === telemetry),
    track<E extends Exporter>(exporter: E): E {
      const track = new Tracked(exporter)
      tracked.push(track)
      waits.push(track)
      return track.proxy<E>()
    },
    defer: (invocation) => outboxes.forEach((outbox) => outbox.defer(invocation)),
    backlog: () => Math.max(0, ...outboxes.map(({ backlog }) => backlog)),
    count: (invocation) => {
      const counts = outboxes.map((outbox) => outbox.count(invocation)).reduce(worst, undefined) ?? noSpans()
      return tracked.reduce((sum, track) => add(sum, track.count(invocation)), counts)
    },
    answered(invocation) {
      const open = waits.flatMap((wait) => wait.open(invocation))
      return open.length > 0 ? answers(open) : undefined
    },
  }
  const { tracerProvider } = options
  if (isTracerProvider(tracerProvider)) {
    let tracer: Tracer | undefined
    telemetry.tracer = () => (tracer ??= tracerProvider.getTracer('flushed'))
  }
  return telemetry
}

const FATES = ['acknowledged', 'failed', 'pending', 'late', 'carriedOver'] as const
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

/** Of several exporters, each of which gets every span, the one that did worst. */
function worst(counts: SpanCounts | undefined, other: SpanCounts): SpanCounts {
  if (!counts) return other
  for (const fate of FATES) counts[fate] = (fate === 'acknowledged' ? Math.min : Math.max)(counts[fate], other[fate])
  return counts
}

function add(counts: SpanCounts, others: SpanCounts): SpanCounts {
  for (const fate of FATES) counts[fate] += others[fate]
  return counts
}
