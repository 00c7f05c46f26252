/**
 * The span processor: which invocation a span belongs to, which spans are open, which have finished.
 *
 * @module
 */
import { type Context, type SpanKind, TraceFlags, context, trace } from '@opentelemetry/api'
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
  // Code that passes contexts by hand may drop ours. Its span is below one that we know, or below one that has ended: then only the
  // trace tells whose it is. But others may record spans in that trace, too. What serves another request of the same caller is
  // below a remote span. What code does that is not wrapped is below an SDK's span that is nobody's.
  function ownerByTrace({ parentSpanContext: parent }: StartedSpan, parentContext: Context): SpanOwner | undefined {
    if (!parent || parent.isRemote) return undefined
    const candidates = isolate.live.filter(({ root }) => root.spanContext().traceId === parent.traceId)
    const known = candidates.find((owner) => owner.has(parent.spanId))
    const around = trace.getSpan(parentContext) as (Owned & { kind?: SpanKind }) | undefined
    return known || candidates[1] || (around?.kind !== undefined && !around[ENTRY]) ? known : candidates[0]
  }

  return {
    onStart(span, parentContext) {
      const owner = ownerOf(parentContext) ?? ownerByTrace(span, parentContext) ?? ownerAside()
      if (owner) {
        ;(span as Owned)[ENTRY] = owner.opened(span)
        owner.told ||= !!ours(owner)
      }
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
      if (!(span.spanContext().traceFlags & TraceFlags.SAMPLED)) return
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
