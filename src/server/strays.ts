import { context } from '@opentelemetry/api'
import { IDLE } from './idle.ts'

/** Milliseconds after which spans of no request go, unless a request has taken them along: as long as with a batch processor. */
const STRAY_MS = 5000

/** Marks what a flush does, `onFlush` included. */
export const FLUSH = Symbol()

/** Spans of no request, such as a socket's or a job's: there may be no request for long. */
export class Strays {
  #timer: unknown
  readonly #due: () => void

  /** @param due called when they ought to be sent */
  constructor(due: () => void) {
    this.#due = due
  }

  /** There is one. Not at once, since they may be very many. */
  readonly heard = (): void => {
    // Or there would be no end of flushes where `onFlush` records something.
    if (this.waiting || context.active().getValue(FLUSH)) return
    this.#timer = IDLE.setTimeout(() => {
      this.forget()
      this.#due()
    }, STRAY_MS)
  }

  get waiting(): boolean {
    return this.#timer !== undefined
  }

  /** They are sent, or nobody is to wait for them. */
  forget(): void {
    IDLE.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
