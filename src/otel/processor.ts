/**
 * The span processor: whose span it is, what is open, what has finished.
 *
 * @module
 */
import { type Context, TraceFlags, context } from '@opentelemetry/api'
import { currentOwner, ownerAside } from '../core/current.ts'
import { isolate } from '../core/isolate.ts'
import { ownerOf } from '../core/owned-context.ts'
import type { OpenEntry, SpanOwner } from '../core/types.ts'
import type { Pipeline } from './pipeline.ts'
import type { FinishedSpan, SpanProcessor, StartedSpan } from './types.ts'

// Where a span says whose it is. On the span itself: with a WeakMap of spans, which are many and live briefly, the
// garbage collector takes as much time as all the rest of a wrap.
const ENTRY = Symbol('flushed.entry')

interface Owned {
  [ENTRY]?: OpenEntry
}

export class InvocationSpanProcessor implements SpanProcessor {
  constructor(readonly pipeline: Pipeline) {}

  onStart(span: StartedSpan, parentContext: Context): void {
    const owner = ownerOf(parentContext) ?? ownerByTrace(span) ?? ownerAside()
    if (!owner) return
    ;(span as Owned)[ENTRY] = owner.opened(span)
  }

  onEnd(span: FinishedSpan): void {
    const entry = (span as Owned)[ENTRY]
    entry?.close()
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.pipeline.finished(span, entry?.owner)
  }

  /** Sends what has finished: of the current invocation, or outside of one, of all. Resolves when it is answered. */
  forceFlush(): Promise<void> {
    return this.pipeline.forceFlush(currentOwner(context.active()))
  }

  /** Sends everything, waits for the answers, and shuts the exporters down. */
  shutdown(): Promise<void> {
    return this.pipeline.shutdown()
  }
}

// Code that passes contexts by hand may drop ours. Its spans are still part of a trace that we know, and where several
// invocations share that trace, their parent tells which one is meant.
function ownerByTrace(span: StartedSpan): SpanOwner | undefined {
  const { traceId } = span.spanContext()
  const candidates = isolate.live.filter(({ root }) => root.spanContext().traceId === traceId)
  if (candidates.length < 2) return candidates[0]
  const parent = span.parentSpanContext?.spanId
  return parent === undefined ? undefined : candidates.find((owner) => owner.has(parent))
}
