/**
 * The open spans of one invocation.
 *
 * They are a linked list, since a span comes and goes with every traced operation. The list costs half of what a Set does, and
 * a thousand spans that are open at the same time may end in any order. It is a ring, so that no place in it is special.
 *
 * @module
 */
import type { OpenEntry, OpenSpan, SpanOwner } from './types.ts'

class Entry implements OpenEntry {
  older: Entry = this
  younger: Entry = this

  constructor(
    public owner: SpanOwner | undefined,
    readonly span: OpenSpan,
    readonly turn: number,
  ) {}

  close(): void {
    const { older, younger } = this
    older.younger = younger
    younger.older = older
    this.older = this.younger = this
  }
}

export class OpenSpans {
  /** Stands between the youngest entry and the oldest. */
  readonly #end = new Entry(undefined as never, undefined as never, 0)

  get empty(): boolean {
    return this.#end.older === this.#end
  }

  /**
   * @param live whether the span is to be ended with its invocation, if nobody else ends it
   * @param turn when the span was started, in turns of the promise queue in which spans were started
   */
  add(owner: SpanOwner, span: OpenSpan, live: boolean, turn: number): OpenEntry {
    const entry = new Entry(owner, span, turn)
    if (live) {
      entry.younger = this.#end
      entry.older = this.#end.older
      entry.older.younger = this.#end.older = entry
    }
    return entry
  }

  find(spanId: string): OpenEntry | undefined {
    // The youngest first: it is nearly always the one that is meant.
    for (let entry = this.#end.older, older; entry !== this.#end; entry = older) {
      const { span } = entry
      if (span.spanContext?.().spanId === spanId) return entry
      older = entry.older
      // Without a span processor of ours, nobody else tells of the span's end.
      if (span.isRecording?.() === false) entry.close()
    }
    return undefined
  }

  /**
   * Removes the spans, and returns them in the order in which they have to end: those with the most open ancestors first, and
   * of those the youngest.
   *
   * @param before the turn from which on spans are left in
   */
  drain(before = Infinity): OpenSpan[] {
    const depths = new Map<unknown, number>()
    const levels: OpenSpan[][] = []
    // The oldest first: a span is always younger than its parent.
    for (let entry = this.#end.younger; entry !== this.#end && entry.turn < before; entry = this.#end.younger) {
      const { span } = entry
      const depth = (depths.get(span.parentSpanContext?.spanId) ?? -1) + 1
      depths.set(span.spanContext?.().spanId ?? span, depth)
      ;(levels[depth] ??= []).push(span)
      entry.close()
    }
    return levels.flat().reverse()
  }
}
