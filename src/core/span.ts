/**
 * What starts and ends spans on behalf of the lifecycle.
 *
 * @module
 */
import { type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { ATTRIBUTE } from './attributes.ts'
import { toError } from './errors.ts'
import type { DisposableSpan, OpenSpan, Telemetry } from './types.ts'

/** The tracer of the package's own spans. */
export const tracerOf = (telemetry?: Telemetry): Tracer => telemetry?.tracer?.() ?? trace.getTracer('flushed')

/** Makes a span end at scope exit. A span that has ended by then, or was never recorded, is left alone. */
export function disposable(span: Span): DisposableSpan {
  const end = () => {
    if (span.isRecording()) span.end()
  }
  return Symbol.dispose in span
    ? (span as DisposableSpan)
    : Object.defineProperty(span as DisposableSpan, Symbol.dispose, { value: end, configurable: true })
}

/** Records on a span what its handler has thrown or rejected with, `undefined` included. */
export function recordError(span: Span, thrown: unknown): void {
  if (!span.isRecording()) return
  const error = toError(thrown)
  span.recordException(error)
  span.setAttribute(ATTRIBUTE.errorType, thrown instanceof Error ? thrown.name : typeof thrown)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/**
 * Open spans in the order they have to end: those with the most open ancestors first, and of those the youngest.
 * A span is always younger than its parent, so the order holds where a parent in between has ended already.
 */
export function deepestFirst(open: ReadonlyMap<unknown, OpenSpan>): OpenSpan[] {
  const spans = [...open.values()].reverse()
  if (spans.length < 2) return spans
  const depths = new Map<OpenSpan, number>()
  const depthOf = (span: OpenSpan): number => {
    let depth = depths.get(span)
    if (depth === undefined) {
      const parent = span.parentSpanContext && open.get(span.parentSpanContext.spanId)
      depths.set(span, 0) // a cycle cannot be, but must not hang a handler either
      depths.set(span, (depth = parent ? depthOf(parent) + 1 : 0))
    }
    return depth
  }
  return spans.sort((a, b) => depthOf(b) - depthOf(a))
}
