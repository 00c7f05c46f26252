/** What every case gets: OpenTelemetry's SDK with an exporter in memory, and the options of a wrap that flushes to it. */
import { type Attributes, type SpanStatus, trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { FlushReport } from 'flushed'
import { otel } from 'flushed/otel'
import type { Facts } from './runner.js'

/** A finished span. */
export interface Span {
  readonly name: string
  readonly kind: number
  readonly attributes: Attributes
  readonly status: SpanStatus
  readonly events: readonly { readonly name: string }[]
  readonly parentSpanContext?: { readonly spanId: string }
  spanContext(): { readonly spanId: string }
}

export interface World extends Facts {
  readonly options: ReturnType<typeof optionsOf>
  /** The spans that have been acknowledged, in the order in which they ended. */
  readonly spans: Span[]
  /** The spans that have ended, exported or not. */
  readonly ended: Span[]
  readonly reports: FlushReport[]
}

const SUCCESS = 0

// Not in a microtask: whoever does not wait for the answer does not see its spans here.
const later = (run: () => void) => void setTimeout(run, 1)

function optionsOf(spans: Span[], reports: FlushReport[]) {
  const exporter = {
    export(batch: readonly Span[], answer: (result: { code: number }) => void) {
      later(() => {
        spans.push(...batch)
        answer({ code: SUCCESS })
      })
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  return { telemetry: otel({ exporter }), onFlush: (report: FlushReport) => void reports.push(report), logger: false as const }
}

/** Makes a world for one case. It has no spans of other cases. */
export function newWorld(facts: Facts): World {
  const spans: Span[] = []
  const ended: Span[] = []
  const reports: FlushReport[] = []
  const options = optionsOf(spans, reports)
  const watching = {
    onStart() {},
    onEnd: (span: Span) => void ended.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  trace.disable()
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [options.telemetry.spanProcessor, watching] }))
  return { ...facts, options, spans, ended, reports }
}

export const names = (spans: readonly Span[]): string[] => spans.map(({ name }) => name)

/** The span with a name. @throws unless there is exactly one */
export function only(spans: readonly Span[], name: string): Span {
  const found = spans.filter((span) => span.name === name)
  if (found.length !== 1) throw new Error(`expected one span "${name}" among: ${names(spans).join(', ') || 'none'}`)
  return found[0] as Span
}

/** Whether a span is the child of another. */
export const isChild = (child: Span, parent: Span): boolean =>
  child.parentSpanContext?.spanId === parent.spanContext().spanId

/** A platform's context that lets work go on after the response. */
export function keeping() {
  const work: Promise<unknown>[] = []
  const context = {
    waitUntil(this: unknown, promise: Promise<unknown>): void {
      // The `waitUntil` of a platform refuses to be called on anything else.
      if (this !== context) throw new TypeError('Illegal invocation')
      work.push(promise)
    },
    /** Resolves when all of the work is over. */
    async over() {
      for (let at = 0; at < work.length; at++) await work[at]
    },
  }
  return context
}
