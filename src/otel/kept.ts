import type { Refusal } from './delivery.ts'
import { hold } from './ledger.ts'
import type { FinishedSpan } from './types.ts'

const cut = <T>(list: readonly T[], size: number): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, part) => list.slice(part * size, (part + 1) * size))

/** What is known of a span that has been refused. */
interface Refused {
  times: number
  /** How many times, between two of its refusals, another export was begun and accepted. */
  proofs: number
  /** The number of exports begun when the span was last refused. */
  begun: number
  /** Whether the span goes in requests of its own. */
  apart: boolean
}

/** The spans for one exporter that go out with the next flush, oldest first. */
export class Kept {
  readonly spans: FinishedSpan[] = []
  /** The number of spans that were pushed out, or refused for good, and that no report has told of yet. */
  lost = 0
  /** The number of spans that were only left to the next flush: nothing is wrong with them. */
  left = 0
  /** The number of other spans (see `failed`) that a report has told of. */
  #told = 0
  readonly #refused = new WeakMap<FinishedSpan, Refused>()
  /** Whether any span goes in requests of its own. */
  #suspicious = false
  readonly #most: number
  readonly #batch: number

  /**
   * @param most the number of spans that there is room for
   * @param batch the number of spans that go in one request
   */
  constructor(most: number, batch: number) {
    this.#most = most
    this.#batch = batch
  }

  /**
   * Adds spans that have failed, or are late. They come before the spans that have only been left, which are younger: if there
   * is no room for all, the oldest go.
   */
  add(spans: readonly FinishedSpan[]): void {
    for (const span of spans) this.spans.splice(this.failed, 0, span)
    this.leave([])
  }

  /** Adds spans that are only left to the next flush. */
  leave(spans: readonly FinishedSpan[]): void {
    const gone = hold(this.spans, spans, this.#most)
    this.lost += gone
    this.#told = Math.max(0, this.#told - gone)
    this.left = Math.min(this.left + spans.length, this.spans.length)
  }

  /** The number of spans that have failed, or are late, and have not only been left. */
  get failed(): number {
    return this.spans.length - this.left
  }

  /** Returns how many `failed` spans no report has told of yet. From now on, one has. */
  tell(): number {
    const untold = Math.max(0, this.failed - this.#told)
    this.#told = this.failed
    return untold
  }

  /** Takes all spans, and adds others. Those that may be accepted come first: they must not wait for any that may not be. */
  take(others: readonly FinishedSpan[]): FinishedSpan[] {
    this.left = this.#told = 0
    return this.#parted([...this.spans.splice(0), ...others]).flat()
  }

  /** Divides spans into requests. Spans that seem to be refused get their own requests, since they would spoil one for others. */
  batches(spans: readonly FinishedSpan[]): (readonly FinishedSpan[])[] {
    // The usual case, and this runs once for each invocation.
    if (!this.#suspicious && spans.length <= this.#batch) return spans.length ? [spans] : []
    return this.#parted(spans).flatMap((part) => cut(part, this.#batch))
  }

  #parted(spans: readonly FinishedSpan[]): [readonly FinishedSpan[], readonly FinishedSpan[]] {
    const isRefused = (span: FinishedSpan) => this.#refused.get(span)?.apart
    return [spans.filter((span) => !isRefused(span)), spans.filter(isRefused)]
  }

  /**
   * Returns the refused spans that are to be sent once more. A span that the exporter, or the backend, cannot take would spoil
   * every request from now on.
   *
   * @param account counts the other spans as lost
   */
  refused(spans: readonly FinishedSpan[], account: { lost: number }, { proofs, apartAfter, begun, newest }: Refusal): FinishedSpan[] {
    return spans.filter((span) => {
      const known = this.#refused.get(span) ?? { times: 0, proofs: 0, begun, apart: false }
      this.#refused.set(span, known)
      if (newest > known.begun) known.proofs++
      known.begun = begun
      const again = !known.apart || known.proofs < proofs
      known.apart ||= ++known.times >= apartAfter
      this.#suspicious ||= known.apart
      if (!again) account.lost++
      return again
    })
  }
}
