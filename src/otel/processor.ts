/**
 * The span processor: whose span it is, what is open, what has finished.
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
 * @param ours the invocation, if its flush is one of these outboxes: nobody asks them for any other's
 * @param stray called when a span of none of ours has been taken
 * @param over called when it has been shut down
 */
export function makeProcessor(
  outboxes: readonly Outbox[],
  ours: (owner?: SpanOwner) => SpanOwner | undefined,
  stray: () => void,
  over: () => void,
): SpanProcessor {
  // Where a span says whose it is: one for each processor of a provider. On the span itself: with a WeakMap of spans, which
  // are many and live briefly, the garbage collector takes as much time as all the rest of a wrap.
  const ENTRY = Symbol('flushed.entry')
  interface Owned {
    [ENTRY]?: OpenEntry
  }
  return {
    onStart(span, parentContext) {
      const owner = ownerOf(parentContext) ?? ownerByTrace(span) ?? ownerAside()
      if (owner) (span as Owned)[ENTRY] = owner.opened(span)
      // A framework's own around the first invocation, which would not know it, begins before that. Not at once: an application that
      // is starting may register a context manager yet.
      else if (isolate.managed === undefined) queueMicrotask(ensureContextManager)
    },

    onEnd(span: FinishedSpan) {
      const entry = (span as Owned)[ENTRY]
      const owner = ours(entry?.owner)
      if (entry) {
        entry.close()
        // Or a span that waits to be sent would keep its invocation, with all that the handler was called with. Not the span's
        // to forget, which another processor may have copied and frozen.
        entry.owner = undefined
      }
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
      for (const outbox of outboxes) outbox.finished(span, owner)
      if (!owner) stray()
    },

    /** Sends what has finished: of the current invocation, or outside of one, of all. Resolves when it is answered. */
    async forceFlush() {
      const owner = currentOwner(context.active())
      // What somebody else's invocation has recorded is nobody's here.
      const known = ours(owner)
      await Promise.all(outboxes.map((outbox) => outbox.forceFlush(known, !owner)))
    },

    /** Sends everything, waits for the answers (30 s at most), and shuts the exporters down. Rejects if something was not accepted. */
    async shutdown() {
      await Promise.all(outboxes.map((outbox) => outbox.shutdown())).finally(over)
    },
  }
}

// Code that passes contexts by hand may drop ours. Its spans are still part of a trace that we know, and where several
// invocations share that trace, their parent tells which one is meant.
function ownerByTrace(span: StartedSpan): SpanOwner | undefined {
  const { traceId } = span.spanContext()
  const candidates = isolate.live.filter(({ root }) => root.spanContext().traceId === traceId)
  if (candidates.length < 2) return candidates[0]
  return candidates.find((owner) => owner.has(String(span.parentSpanContext?.spanId)))
}
