import { context } from '@opentelemetry/api'
import { IDLE } from './idle.ts'

/** Milliseconds until spans of no request are sent, unless a request takes them along: as long as with a batch processor. */
const STRAY_MS = 5000

/** Marks what a flush does, `onFlush` included. */
export const FLUSH = Symbol()

/** Spans of no request, such as a socket's or a job's: no request may come for long. */
export class Strays {
  #timer: unknown
  readonly #due: () => void

  /** @param due called when the spans should be sent */
  constructor(due: () => void) {
    this.#due = due
  }

  /** There is such a span. It is not sent at once, because there may be very many. */
  readonly heard = (): void => {
    // Otherwise, flushes would never end where `onFlush` records something.
    if (this.waiting || context.active().getValue(FLUSH)) return
    this.#timer = IDLE.setTimeout(() => {
      this.forget()
      this.#due()
    }, STRAY_MS)
  }

  get waiting(): boolean {
    return this.#timer !== undefined
  }

  /** The spans are sent, or nothing is to wait for them. */
  forget(): void {
    IDLE.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
