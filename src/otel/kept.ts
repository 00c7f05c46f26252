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
  readonly #refused = new WeakSet<FinishedSpan>()
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

  take(): FinishedSpan[] {
    this.left = this.#told = 0
    return this.spans.splice(0)
  }

  /**
   * Those to be sent once more. One that the backend cannot take would spoil every request from now on.
   *
   * @param account of whom the others are lost
   */
  refused(spans: readonly FinishedSpan[], account: { lost: number }): FinishedSpan[] {
    return spans.filter((span) => {
      const again = !this.#refused.has(span)
      if (again) this.#refused.add(span)
      else account.lost++
      return again
    })
  }
}
