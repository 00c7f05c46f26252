import type { Refusal } from './delivery.ts'
import { hold } from './ledger.ts'
import type { FinishedSpan } from './types.ts'

/** Spans that go out with the next flush, oldest first, for one exporter. */
export class Kept {
  readonly spans: FinishedSpan[] = []
  /** How many had to go, or were refused for good, that no report has told of. */
  lost = 0
  /** How many have only been left to the next flush: nothing is the matter with them. */
  left = 0
  /** How many of those that have not only been left a report has told of. */
  #told = 0
  /** How many exports had been accepted when these were refused. */
  readonly #refused = new WeakMap<FinishedSpan, number>()
  readonly #most: number

  /** @param most how many there is room for */
  constructor(most: number) {
    this.#most = most
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

  /**
   * All of them, and others.
   *
   * @returns what may go in one request, and what has been refused, which would spoil that for the rest
   */
  take(others: readonly FinishedSpan[]): [FinishedSpan[], FinishedSpan[]] {
    this.left = this.#told = 0
    const all = [...this.spans.splice(0), ...others]
    const isRefused = (span: FinishedSpan) => this.#refused.has(span)
    return [all.filter((span) => !isRefused(span)), all.filter(isRefused)]
  }

  /**
   * Those to be sent once more. One that the exporter, or the backend, cannot take would spoil every request from now on.
   *
   * @param account of whom the others are lost
   */
  refused(spans: readonly FinishedSpan[], account: { lost: number }, { sure, accepted }: Refusal): FinishedSpan[] {
    return spans.filter((span) => {
      const before = this.#refused.get(span)
      if (before === undefined) this.#refused.set(span, accepted)
      const again = before === undefined || (!sure && accepted <= before)
      if (!again) account.lost++
      return again
    })
  }
}
