/**
 * The span processor: which invocation a span belongs to, which spans are open, which have finished.
 *
 * @module
 */
import { TraceFlags, context } from '@opentelemetry/api'
import { ensureContextManager } from '../core/context-manager.ts'
import { currentOwner, ownerAside } from '../core/current.ts'
import { isolate } from '../core/isolate.ts'
import { ownerOf } from '../core/owned-context.ts'
import type { OpenEntry, SpanOwner } from '../core/types.ts'
import type { Outbox } from './outbox.ts'
import type { FinishedSpan, SpanProcessor, StartedSpan } from './types.ts'

/**
 * @param ours returns the invocation if its flush flushes these outboxes: nobody asks them for the spans of any other
 * @param stray called when the outboxes have taken a span that belongs to none of our invocations
 * @param over called when the processor has been shut down
 */
export function makeProcessor(
  outboxes: readonly Outbox[],
  ours: (owner?: SpanOwner) => SpanOwner | undefined,
  stray: () => void,
  over: () => void,
): SpanProcessor {
  // The property of a span that says which invocation the span belongs to: one for each processor of a provider. It is on the
  // span itself: with a WeakMap of spans, which are many and live briefly, the garbage collector takes as much time as all the
  // rest of a wrap.
  const ENTRY = Symbol('flushed.entry')
  interface Owned {
    [ENTRY]?: OpenEntry
  }
  return {
    onStart(span, parentContext) {
      const owner = ownerOf(parentContext) ?? ownerByTrace(span) ?? ownerAside()
      if (owner) (span as Owned)[ENTRY] = owner.opened(span)
      // A framework's own span around the first invocation begins before that invocation, which would not know the span without
      // a context manager. Do not ensure one at once: an application that is starting may still register its own.
      else if (isolate.managed === undefined) queueMicrotask(ensureContextManager)
    },

    onEnd(span: FinishedSpan) {
      const entry = (span as Owned)[ENTRY]
      const owner = ours(entry?.owner)
      if (entry) {
        entry.close()
        // Otherwise a span that waits to be sent would keep its invocation in memory, with all that the handler was called with.
        // Clear it here, not on the span, which another processor may have copied and frozen.
        entry.owner = undefined
      }
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
      for (const outbox of outboxes) outbox.finished(span, owner)
      if (!owner) stray()
    },

    /** Sends the finished spans of the current invocation, or outside an invocation, of all. Resolves when they are answered. */
    async forceFlush() {
      const owner = currentOwner(context.active())
      // What an invocation with another telemetry has recorded counts as nobody's here.
      const known = ours(owner)
      await Promise.all(outboxes.map((outbox) => outbox.forceFlush(known, !owner)))
    },

    /** Sends everything, waits for the answers (30 s at most), and shuts the exporters down. Rejects if something was not accepted. */
    async shutdown() {
      await Promise.all(outboxes.map((outbox) => outbox.shutdown())).finally(over)
    },
  }
}

// Code that passes contexts by hand may drop ours. Its spans are still part of a trace that we know. If several invocations
// share that trace, a span's parent tells which one is meant.
function ownerByTrace(span: StartedSpan): SpanOwner | undefined {
  const { traceId } = span.spanContext()
  const candidates = isolate.live.filter(({ root }) => root.spanContext().traceId === traceId)
  if (candidates.length < 2) return candidates[0]
  return candidates.find((owner) => owner.has(String(span.parentSpanContext?.spanId)))
}
