/**
 * The open spans of one invocation.
 *
 * A linked list, for a span comes and goes with every operation that is traced: that costs half of what a Map does, and
 * a thousand spans that are open at the same time may end in any order.
 *
 * @module
 */
import type { OpenEntry, OpenSpan, SpanOwner } from './types.ts'

class Entry implements OpenEntry {
  older: Entry | undefined
  younger: Entry | undefined
  list: OpenSpans | undefined

  constructor(
    readonly owner: SpanOwner,
    readonly span: OpenSpan,
  ) {}

  close(): void {
    this.list?.remove(this)
  }
}

export class OpenSpans {
  #youngest: Entry | undefined

  get empty(): boolean {
    return this.#youngest === undefined
  }

  /** @param live whether the span is to be ended with its invocation, should nobody else do */
  add(owner: SpanOwner, span: OpenSpan, live: boolean): OpenEntry {
    const entry = new Entry(owner, span)
    if (!live) return entry
    entry.list = this
    entry.older = this.#youngest
    if (entry.older) entry.older.younger = entry
    this.#youngest = entry
    return entry
  }

  remove(entry: Entry): void {
    const { older, younger } = entry
    if (younger) younger.older = older
    else this.#youngest = older
    if (older) older.younger = younger
    entry.list = undefined
  }

  find(spanId: string): OpenEntry | undefined {
    // The youngest first: it is nearly always the one that is meant.
    for (let entry = this.#youngest; entry; entry = entry.older) {
      if (entry.span.spanContext?.().spanId === spanId) return entry
    }
    return undefined
  }

  /**
   * Takes all of them out, in the order they have to end: those with the most open ancestors first, and of those the
   * youngest. A span is always younger than its parent, so the order holds where a parent in between has ended already.
   */
  drain(): OpenSpan[] {
    const spans: OpenSpan[] = []
    for (let entry = this.#youngest; entry; entry = entry.older) {
      entry.list = undefined
      spans.push(entry.span)
    }
    this.#youngest = undefined
    return spans.length < 2 ? spans : deepestFirst(spans)
  }
}

/** @param spans the youngest first */
function deepestFirst(spans: OpenSpan[]): OpenSpan[] {
  const byId = new Map(spans.map((span) => [span.spanContext?.().spanId, span]))
  const depths = new Map<OpenSpan, number>()
  const depthOf = (span: OpenSpan): number => {
    let depth = depths.get(span)
    if (depth === undefined) {
      const parent = span.parentSpanContext && byId.get(span.parentSpanContext.spanId)
      depths.set(span, 0) // a cycle cannot be, but must not hang a handler either
      depths.set(span, (depth = parent ? depthOf(parent) + 1 : 0))
    }
    return depth
  }
  return spans.sort((a, b) => depthOf(b) - depthOf(a))
}
