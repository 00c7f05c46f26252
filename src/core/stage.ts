/**
 * One stage under way: its flushables are started together, and none can stop another.
 *
 * @module
 */
import type { Deadline, Pending } from './deadline.ts'
import { timedOut, toError } from './errors.ts'
import { remove } from './isolate.ts'
import { DELIVERED, FAILED, type FlushResult, LATE, outcomeOf } from './report.ts'
import type { NamedFlush, Stage, StageReport } from './types.ts'

/** One stage, under way. Never throws, and no promise of its own ever rejects. */
export class StageRun implements Pending {
  waiting = 0
  work: Promise<unknown> | undefined
  readonly #startedAt: number
  readonly #report: StageReport
  // Made on demand, as most flushables have nothing to wait for, and nothing to warn of.
  #unfinished: NamedFlush[] | undefined
  #warnings: string[] | undefined
  #seen = 0

  /** Starts all flushables of a stage. */
  constructor(
    { name, flushables }: Stage,
    readonly deadline: Deadline,
  ) {
    this.#startedAt = deadline.lastMs
    this.#report = { name, outcome: 'nothing_to_send', durationMs: 0 }
    for (const flushable of flushables) this.#start(flushable)
    // A stage that had nothing to do has taken no time worth looking at the clock for.
    if (this.#seen) this.#tookMs()
  }

  #start(flushable: NamedFlush): void {
    let result: unknown
    try {
      result = flushable.flush(this.deadline)
      if (!isThenable(result)) return this.#came(flushable, result)
    } catch (thrown) {
      return this.#came(flushable, toError(thrown), true)
    }
    const unfinished = (this.#unfinished ??= [])
    unfinished.push(flushable)
    const ended = (to: unknown, failed?: boolean) => {
      // The flushable has been cut before.
      if (!remove(unfinished, flushable)) return
      this.waiting--
      this.#tookMs()
      this.#came(flushable, to, failed)
    }
    const settled = Promise.resolve(result).then(
      (to) => ended(to),
      (thrown: unknown) => ended(toError(thrown), true),
    )
    this.work = this.waiting++ ? Promise.all([this.work, settled]) : settled
  }

  #tookMs(): number {
    return (this.#report.durationMs = this.deadline.elapsedMs() - this.#startedAt)
  }

  /** @param to what the flushable has resolved to, or the error it has thrown */
  #came(flushable: NamedFlush, to: unknown, failed = to instanceof Error): void {
    if (to === 'nothing_to_send') return
    this.#seen |= failed ? FAILED : to === false ? LATE : DELIVERED
    if (!failed && to !== false) return
    const error = failed ? (to as Error) : timedOut(flushable.name, this.#tookMs())
    this.#report.error ??= error
    const what = `${failed ? `${flushable.name} failed: ` : ''}${error.message}`
    ;(this.#warnings ??= []).push(`stage "${this.#report.name}": ${what}`)
  }

  urge(): void {
    for (const flushable of this.#unfinished ?? []) flushable.urge?.()
  }

  /** Adds what came of the stage to `result`. A flushable that has not finished by now has timed out. */
  conclude(result: FlushResult): StageReport {
    for (const flushable of this.#unfinished?.splice(0) ?? []) {
      this.#came(flushable, false)
      this.deadline.expire(this.#report.error)
    }
    this.#report.outcome = outcomeOf(this.#seen)
    if (this.#warnings) result.warnings.push(...this.#warnings)
    result.seen |= this.#seen
    return this.#report
  }
}

/** Whether something is, or acts as, a promise. The promises of Cloudflare's RPC are functions. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
