import { type Pending, settledWithin } from '../core/deadline.ts'
import type { FlushReport } from '../core/types.ts'
import { Allowance } from './allowance.ts'

/** What is drained. As pending work, it is the open invocations and the flush under way. */
interface Drained extends Pending {
  /** How many invocations have begun. */
  readonly invocations: number
  readonly flushing: Promise<FlushReport> | undefined
  /** Ends the invocations that are still open. @param cause becomes their error */
  cutShort(cause: Error): void
  /** Cuts the flush under way, if there is one, and then flushes everything. */
  flushLast(): Promise<FlushReport>
}

/** A drain under way. */
export class Draining {
  /** The time for all of it. */
  readonly allowed: Allowance
  /** The part of that time in which it may wait. The rest is for the last flush. */
  readonly #waits: Allowance
  readonly #timeoutMs: number
  readonly #of: Drained
  #over: Promise<FlushReport> | undefined

  /** @param timeoutMs milliseconds that a flush may take */
  constructor(of: Drained, drainMs: number, timeoutMs: number) {
    this.#of = of
    this.#timeoutMs = timeoutMs
    this.allowed = new Allowance(drainMs)
    this.#waits = new Allowance(this.#waitMs(drainMs))
  }

  /** Leaves `drainMs` milliseconds from now, unless less is left already. */
  shorten(drainMs: number): void {
    this.allowed.shorten(drainMs)
    this.#waits.shorten(this.#waitMs(drainMs))
  }

  /**
   * Begins, if that has not been done, and resolves with the report of the last flush. Never rejects.
   *
   * @param cause becomes the error of what is still open when the time is up
   */
  over(cause: Error): Promise<FlushReport> {
    return (this.#over ??= this.#run(cause))
  }

  async #run(cause: Error): Promise<FlushReport> {
    const of = this.#of
    let known: number
    let report: FlushReport
    do {
      // Asked each time: there may be less time now, or more to wait for.
      while (of.waiting && this.#mayWait) await settledWithin(of, this.#waits, true)
      of.cutShort(cause)
      known = of.invocations
      report = await of.flushLast()
      // Requests may come until the process ends.
    } while (of.invocations > known && this.#mayWait)
    // What was answered during the last flush is on its way.
    while (of.flushing && this.allowed.remainingMs(true) > 0) await of.flushing
    return report
  }

  #waitMs(drainMs: number): number {
    return Math.max(drainMs - this.#timeoutMs, drainMs / 2)
  }

  get #mayWait(): boolean {
    return this.#waits.remainingMs(true) > 0
  }
}
