/**
 * One stage under way: its flushables are started together, and none can stop another.
 *
 * @module
 */
import type { Deadline } from './deadline.ts'
import { timedOut, toError } from './errors.ts'
import type { FlushContext, NamedFlush, Outcome, SpanOwner, Stage, StageReport } from './types.ts'

/** One stage, under way. Never throws, and no promise of its own ever rejects. */
export class StageRun {
  /** When `waiting` is over; absent where nothing has to be waited for. */
  readonly work: Promise<unknown> | undefined
  readonly #startedAt: number
  #endedAt: number
  #delivered = 0
  #failures: { name: string; error: Error; late: boolean }[] = []
  // Made on demand: most flushables have nothing to wait for.
  #unfinished: Set<NamedFlush> | undefined
  #abort: AbortController | undefined

  constructor(
    readonly stage: Stage,
    readonly deadline: Deadline,
    invocation: SpanOwner,
  ) {
    this.#startedAt = this.#endedAt = deadline.elapsedMs()
    const told = new Told(this, invocation)
    let work: Promise<unknown>[] | undefined
    for (const flushable of stage.flushables) {
      const pending = this.#start(flushable, told)
      if (pending) (work ??= []).push(pending)
    }
    this.work = work && (work.length === 1 ? work[0] : Promise.all(work))
  }

  /** How many flushables have not finished. */
  get waiting(): number {
    return this.#unfinished?.size ?? 0
  }

  #start(flushable: NamedFlush, told: Told): Promise<unknown> | undefined {
    const { name, flush } = flushable
    let result: unknown
    try {
      result = flush(told)
    } catch (error) {
      this.#failed(name, error)
      return undefined
    }
    if (!isThenable(result)) {
      this.#finished(name, result)
      return undefined
    }
    const unfinished = (this.#unfinished ??= new Set())
    unfinished.add(flushable)
    const settled = (record: (name: string, value: unknown) => void) => (value: unknown) => {
      if (!unfinished.delete(flushable)) return
      this.#endedAt = this.deadline.elapsedMs()
      record.call(this, name, value)
    }
    return Promise.resolve(result).then(settled(this.#finished), settled(this.#failed))
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
    if (result === false) this.#failures.push({ name, error: timedOut(name, this.deadline.elapsedMs()), late: true })
    else if (result !== 'nothing_to_send') this.#delivered++
  }

  #failed(name: string, thrown: unknown): void {
    this.#failures.push({ name, error: toError(thrown), late: false })
  }

  /** Adds what the stage did to `result`. What has not finished by now has timed out. */
  conclude(result: { stages: StageReport[]; warnings: string[] }): void {
    if (this.#unfinished?.size) this.#cut(this.#unfinished)
    const report: StageReport = {
      name: this.stage.name,
      outcome: this.#outcome(),
      durationMs: this.#endedAt - this.#startedAt,
    }
    const first = this.#failures[0]
    if (first) report.error = first.error
    for (const { name, error, late } of this.#failures) {
      const what = late ? error.message : `${name} failed: ${error.message}`
      result.warnings.push(`stage "${this.stage.name}": ${what}`)
    }
    result.stages.push(report)
  }

  #cut(unfinished: Set<NamedFlush>): void {
    this.#endedAt = this.deadline.elapsedMs()
    for (const { name } of unfinished) {
      this.#failures.push({ name, error: timedOut(name, this.#endedAt - this.#startedAt), late: true })
    }
    unfinished.clear()
    this.#abort?.abort(this.#failures.at(-1)?.error)
  }

  #outcome(): Outcome {
    if (this.#failures.length === 0) return this.#delivered > 0 ? 'delivered' : 'nothing_to_send'
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
