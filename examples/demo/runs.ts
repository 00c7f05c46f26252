/**
 * Requests that have been made, and what became of their spans.
 *
 * @module
 */
import type { CollectedSpan } from 'flushed/testing'

/** How one request went. Moments are milliseconds since the epoch, on the collector's clock. */
export interface Run {
  /** The platform's name for the request. Every handler notes it on its root span. */
  readonly requestId: string
  /** Why the request failed, if it did. */
  readonly error: string | undefined
  readonly startedAt: number
  readonly responseMs: number
  /** When the platform stopped the code, if that is known. */
  readonly frozenAt?: number
  /** The spans that the collector had acknowledged, of this request or any before, when nothing kept the code running any more. */
  readonly acknowledged: readonly CollectedSpan[]
}

/** The trace of a request, if its root has reached the collector. */
export function traceIdOf({ requestId }: Run, spans: readonly CollectedSpan[]): string | undefined {
  return spans.find(({ attributes }) => Object.values(attributes).includes(requestId))?.traceId
}

/** How many different spans of a request `spans` has. */
export function countOf(run: Run, spans: readonly CollectedSpan[], received: readonly CollectedSpan[]): number {
  const traceId = traceIdOf(run, received)
  return new Set(spans.filter((span) => span.traceId === traceId).map(({ spanId }) => spanId)).size
}

/** The sum of `count` over all. */
export const sumOf = <T>(all: readonly T[], count: (each: T) => number): number => all.reduce((sum, each) => sum + count(each), 0)

/** All but the first request, which is the cold start. */
export const warm = (runs: readonly Run[]): readonly Run[] => runs.slice(1)

/** The median time to the response. */
export const medianMs = (runs: readonly Run[]): number => median(runs.map(({ responseMs }) => responseMs))

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
