/**
 * One stage under way: its flushables are started together, and none can stop another.
 *
 * @module
 */
import type { Deadline, Pending } from './deadline.ts'
import { timedOut, toError } from './errors.ts'
import type { FlushResult } from './flush.ts'
import type { FlushContext, NamedFlush, Outcome, SpanOwner, Stage, StageReport } from './types.ts'

/** One stage, under way. Never throws, and no promise of its own ever rejects. */
export class StageRun implements Pending {
  readonly #startedAt: number
  #endedAt: number
  #delivered = 0
  #failures: { name: string; error: Error; late: boolean }[] | undefined
  // Made on demand: most flushables have nothing to wait for.
  #unfinished: NamedFlush[] | undefined
  #settled: Promise<unknown>[] | undefined
  #abort: AbortController | undefined

  constructor(
    readonly stage: Stage,
    readonly deadline: Deadline,
    invocation: SpanOwner,
  ) {
    this.#startedAt = deadline.lastMs
    const told = new Told(this, invocation)
    for (const flushable of stage.flushables) this.#start(flushable, told)
    // One that had nothing to do has taken no time worth looking at the clock for.
    const busy = !this.#unfinished && (this.#delivered > 0 || this.#failures)
    this.#endedAt = busy ? deadline.elapsedMs() : this.#startedAt
  }

  /** How many flushables have not finished. */
  get waiting(): number {
    return this.#unfinished?.length ?? 0
  }

  get work(): Promise<unknown> {
    const settled = this.#settled ?? []
    return settled.length === 1 ? (settled[0] as Promise<unknown>) : Promise.all(settled)
  }

  urge(): void {
    for (const flushable of this.#unfinished ?? []) flushable.urge?.()
  }

  #start(flushable: NamedFlush, told: Told): void {
    let result: unknown
    try {
      result = flushable.flush(told)
    } catch (error) {
      return this.#failed(flushable.name, error)
    }
    if (!isThenable(result)) return this.#finished(flushable.name, result)
    ;(this.#unfinished ??= []).push(flushable)
    const settled = Promise.resolve(result).then(
      (value) => this.#ended(flushable) && this.#finished(flushable.name, value),
      (error: unknown) => this.#ended(flushable) && this.#failed(flushable.name, error),
    )
    ;(this.#settled ??= []).push(settled)
  }

  /** `false` if it has been cut before. */
  #ended(flushable: NamedFlush): boolean {
    const unfinished = this.#unfinished ?? []
    const at = unfinished.indexOf(flushable)
    if (at < 0) return false
    unfinished.splice(at, 1)
    this.#endedAt = this.deadline.elapsedMs()
    return true
  }

  /**
   * Milliseconds until the whole flush must be over. Not the stage's share of them: that only says how long the next stage
   * waits for this one, and a flushable that gave up by then would lose what it still had time for.
   */
  get remainingMs(): number {
    return Math.max(0, Math.floor(this.deadline.remainingMs(true)))
  }

  /** Aborted when the stage is over and has not finished. */
  get signal(): AbortSignal {
    // Made on demand: few flushables look at it, and an AbortController costs more than many a flush.
    return (this.#abort ??= new AbortController()).signal
  }

  #finished(name: string, result: unknown): void {
    if (result === false) this.#fail(name, timedOut(name, this.deadline.elapsedMs()), true)
    else if (result !== 'nothing_to_send') this.#delivered++
  }

  #failed(name: string, thrown: unknown): void {
    this.#fail(name, toError(thrown), false)
  }

  #fail(name: string, error: Error, late: boolean): void {
    ;(this.#failures ??= []).push({ name, error, late })
  }

  /** Adds what the stage did to `result`. What has not finished by now has timed out. */
  conclude(result: FlushResult): void {
    if (this.#unfinished && this.#unfinished.length > 0) this.#cut(this.#unfinished)
    const report: StageReport = {
      name: this.stage.name,
      outcome: this.#outcome(),
      durationMs: this.#endedAt - this.#startedAt,
    }
    result.durationMs = Math.max(result.durationMs, this.#endedAt)
    result.stages.push(report)
    if (!this.#failures) return
    report.error = this.#failures[0]?.error as Error
    for (const { name, error, late } of this.#failures) {
      const what = late ? error.message : `${name} failed: ${error.message}`
      result.warnings.push(`stage "${this.stage.name}": ${what}`)
    }
  }

  #cut(unfinished: NamedFlush[]): void {
    this.#endedAt = this.deadline.elapsedMs()
    const tookMs = this.#endedAt - this.#startedAt
    for (const { name } of unfinished.splice(0)) this.#fail(name, timedOut(name, tookMs), true)
    this.#abort?.abort(this.#failures?.at(-1)?.error)
  }

  #outcome(): Outcome {
    if (!this.#failures) return this.#delivered > 0 ? 'delivered' : 'nothing_to_send'
    if (this.#delivered > 0) return 'partial'
    return this.#failures.some(({ late }) => late) ? 'timed_out' : 'failed'
  }
}

/** What a flushable is told of its stage. */
class Told implements FlushContext {
  readonly #run: StageRun

  constructor(
    run: StageRun,
    readonly invocation: SpanOwner,
  ) {
    this.#run = run
  }

  get timeoutMs(): number {
    return this.#run.remainingMs
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }
}

/** Whether something is, or acts as, a promise. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
