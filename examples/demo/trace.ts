/**
 * One request, in the form that a picture needs: spans in the order of their tree, and the moments that matter.
 *
 * @module
 */
import type { CollectedSpan, CollectorRequest } from 'flushed/testing'
import { type Run, traceIdOf } from './runs.ts'

/** A span. Times are milliseconds since the request came in. */
export interface Bar {
  readonly name: string
  readonly depth: number
  readonly startMs: number
  readonly endMs: number
  /** Whether the collector had acknowledged it when nothing kept the code running any more. */
  readonly acknowledged: boolean
  /** Whether the code had left the span open, so that `flushed` ended it. */
  readonly unfinished: boolean
}

export interface Trace {
  readonly bars: readonly Bar[]
  /** When spans had reached the collector, and when the collector acknowledged them, as far as that was before the freeze. */
  readonly exports: readonly { readonly startMs: number; readonly endMs: number }[]
  readonly responseMs: number
  /** Absent where the moment is unknown. */
  readonly freezeMs?: number
}

/** The trace of a request, made of the spans that have arrived up to now. `undefined` if none has. */
export function traceOf(
  run: Run,
  received: readonly CollectedSpan[],
  requests: readonly CollectorRequest[],
): Trace | undefined {
  const traceId = traceIdOf(run, received)
  if (traceId === undefined) return undefined
  const since = (epochMs: number) => Math.max(0, epochMs - run.startedAt)
  const acknowledged = new Set(run.acknowledged.map(({ spanId }) => spanId))
  const spans = [...new Map(received.filter((span) => span.traceId === traceId).map((span) => [span.spanId, span])).values()]
  const bars = tree(spans).map(({ span, depth }) => ({
    name: span.name,
    depth,
    startMs: since(epoch(span.startTimeUnixNano)),
    endMs: since(epoch(span.endTimeUnixNano)),
    acknowledged: acknowledged.has(span.spanId),
    unfinished: span.attributes['flushed.unfinished'] === true,
  }))
  const { frozenAt } = run
  const sent = requests.filter((request) => request.spans.some((span) => span.traceId === traceId))
  return {
    bars,
    exports: sent.flatMap(({ receivedAt, answeredAt = Infinity }) =>
      answeredAt < (frozenAt ?? Infinity) ? [{ startMs: since(receivedAt), endMs: since(answeredAt) }] : [],
    ),
    responseMs: run.responseMs,
    ...(frozenAt !== undefined && { freezeMs: since(frozenAt) }),
  }
}

// Nanoseconds since the epoch do not fit into a number; microseconds do.
const epoch = (nanos: bigint): number => Number(nanos / 1000n) / 1000

/** Depth first, siblings by their start. Spans whose parent has not arrived are roots. */
function tree(spans: readonly CollectedSpan[]): { span: CollectedSpan; depth: number }[] {
  const present = new Set(spans.map(({ spanId }) => spanId))
  const parentOf = ({ parentSpanId }: CollectedSpan) => (present.has(parentSpanId ?? '') ? parentSpanId : undefined)
  const inOrder = spans.toSorted((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano))
  const below = (parent: string | undefined, depth: number): { span: CollectedSpan; depth: number }[] =>
    inOrder
      .filter((span) => parentOf(span) === parent)
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)])
  return below(undefined, 0)
}
