import type { Refusal } from './delivery.ts'
import { hold } from './ledger.ts'
import type { FinishedSpan } from './types.ts'

const cut = <T>(list: readonly T[], size: number): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, part) => list.slice(part * size, (part + 1) * size))

/** What is known of a span that has been refused. */
interface Refused {
  times: number
  /** How often others have been accepted since it was refused the time before. */
  proofs: number
  /** How many exports had been begun when it was refused last. */
  begun: number
  /** Whether it goes in requests of its own. */
  apart: boolean
}

/** Spans that go out with the next flush, oldest first, for one exporter. */
export class Kept {
  readonly spans: FinishedSpan[] = []
  /** How many had to go, or were refused for good, that no report has told of. */
  lost = 0
  /** How many have only been left to the next flush: nothing is the matter with them. */
  left = 0
  /** How many of those that have not only been left a report has told of. */
  #told = 0
  readonly #refused = new WeakMap<FinishedSpan, Refused>()
  /** Whether any of them goes in requests of its own. */
  #suspicious = false
  readonly #most: number
  readonly #batch: number

  /**
   * @param most how many there is room for
   * @param batch how many go in one request
   */
  constructor(most: number, batch: number) {
    this.#most = most
    this.#batch = batch
  }

  /** What has failed comes before what has only been left, which is younger: of more than there is room for the oldest go. */
  add(spans: readonly FinishedSpan[]): void {
    for (const span of spans) this.spans.splice(this.failed, 0, span)
    this.leave([])
  }

  leave(spans: readonly FinishedSpan[]): void {
    const gone = hold(this.spans, spans, this.#most)
    this.lost += gone
    this.#told = Math.max(0, this.#told - gone)
    this.left = Math.min(this.left + spans.length, this.spans.length)
  }

  /** How many have not only been left. */
  get failed(): number {
    return this.spans.length - this.left
  }

  /** How many more have not only been left than a report has told of. */
  tell(): number {
    const untold = Math.max(0, this.failed - this.#told)
    this.#told = this.failed
    return untold
  }

  /** All of them, and others: first those that may be accepted, which must not wait for any that may not be. */
  take(others: readonly FinishedSpan[]): FinishedSpan[] {
    this.left = this.#told = 0
    return this.#parted([...this.spans.splice(0), ...others]).flat()
  }

  /** Spans as they go out: those that seem not to be taken in requests of their own, since they would spoil one for others. */
  batches(spans: readonly FinishedSpan[]): (readonly FinishedSpan[])[] {
    // Nearly always, and once for each invocation.
    if (!this.#suspicious && spans.length <= this.#batch) return [spans]
    return this.#parted(spans).flatMap((part) => cut(part, this.#batch))
  }

  #parted(spans: readonly FinishedSpan[]): [readonly FinishedSpan[], readonly FinishedSpan[]] {
    if (!this.#suspicious) return [spans, []]
    const isRefused = (span: FinishedSpan) => this.#refused.get(span)?.apart === true
    return [spans.filter((span) => !isRefused(span)), spans.filter(isRefused)]
  }

  /**
   * Those to be sent once more. One that the exporter, or the backend, cannot take would spoil every request from now on.
   *
   * @param account of whom the others are lost
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
