import { clock } from '../core/clock.ts'
import { type Pending, settledWithin } from '../core/deadline.ts'
import type { FlushReport } from '../core/types.ts'
import { Allowance } from './allowance.ts'

/** What is drained. As pending work, it is the open invocations and the flush under way. */
interface Drained extends Pending {
  readonly flushing: Promise<FlushReport> | undefined
  /**
   * Ends the invocations that are still open, and flushes everything.
   *
   * @param cause becomes their error
   * @param shareMs milliseconds that a flush under way may have taken in all before it is cut for the last one
   */
  flushLast(cause: Error, shareMs: number): Promise<FlushReport>
}

/** Milliseconds of a drain in which it may wait. The rest is for the last flush. @param timeoutMs milliseconds that a flush may take */
export const waitMs = (drainMs: number, timeoutMs: number): number => Math.max(drainMs - timeoutMs, drainMs / 2)

/** A drain under way. */
export class Draining {
  #endsAt = Infinity
  readonly #waits = new Allowance(Infinity)
  readonly #timeoutMs: number
  readonly #of: Drained
  #over: Promise<FlushReport> | undefined

  /** @param timeoutMs milliseconds that a flush may take */
  constructor(of: Drained, timeoutMs: number) {
    this.#of = of
    this.#timeoutMs = timeoutMs
  }

  /** Milliseconds left for all of it. */
  get leftMs(): number {
    return this.#endsAt - clock().now()
  }

  /** Leaves `drainMs` milliseconds from now, unless less is left already. */
  shorten(drainMs: number): void {
    this.#endsAt = Math.min(this.#endsAt, clock().now() + drainMs)
    this.#waits.shorten(waitMs(drainMs, this.#timeoutMs))
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
    // Asked each time: there may be less time now, or more to wait for.
    while (of.waiting && this.#waits.remainingMs(true) > 0) await settledWithin(of, this.#waits, true)
    const report = await of.flushLast(cause, this.leftMs / 2)
    // What ended during the last flush is on its way. Only that: there may be more to come until the process ends.
    await of.flushing
    return report
  }
}
