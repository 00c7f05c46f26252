/**
 * One stage under way: its flushables are started together, and none can stop another.
 *
 * @module
 */
import type { Deadline, Pending } from './deadline.ts'
import { timedOut, toError } from './errors.ts'
import { DELIVERED, FAILED, type FlushResult, LATE, outcomeOf } from './report.ts'
import type { NamedFlush, Stage, StageReport } from './types.ts'

/** One stage, under way. */
export interface StageRun extends Pending {
  /** Adds what the stage did to `result`. What has not finished by now has timed out. */
  conclude(result: FlushResult): void
}

/** Starts all flushables of a stage. Never throws, and no promise of its own ever rejects. */
export function startStage({ name, flushables }: Stage, deadline: Deadline): StageRun {
  const startedAt = deadline.lastMs
  const report: StageReport = { name, outcome: 'nothing_to_send', durationMs: 0 }
  const warnings: string[] = []
  const unfinished: NamedFlush[] = []
  let seen = 0

  const tookMs = () => (report.durationMs = deadline.elapsedMs() - startedAt)
  const fail = (what: number, error: Error, sentence: string) => {
    seen |= what
    report.error ??= error
    warnings.push(`stage "${name}": ${sentence}`)
  }
  const cut = (flushable: NamedFlush) => {
    const error = timedOut(flushable.name, tookMs())
    fail(LATE, error, error.message)
  }
  const finished = (flushable: NamedFlush, result: unknown) => {
    if (result === false) cut(flushable)
    else if (result !== 'nothing_to_send') seen |= DELIVERED
  }
  const failed = (flushable: NamedFlush, thrown: unknown) => {
    const error = toError(thrown)
    fail(FAILED, error, `${flushable.name} failed: ${error.message}`)
  }
  /** Makes nothing of one that has been cut before. */
  const ended = (flushable: NamedFlush, how: typeof finished) => (value: unknown) => {
    const at = unfinished.indexOf(flushable)
    if (at < 0) return
    unfinished.splice(at, 1)
    run.waiting--
    tookMs()
    how(flushable, value)
  }

  const run = {
    waiting: 0,
    work: undefined as never as Promise<unknown>,
    urge() {
      for (const flushable of unfinished) flushable.urge?.()
    },
    conclude(result: FlushResult) {
      if (unfinished.length > 0) {
        unfinished.splice(0).forEach(cut)
        deadline.expire(report.error)
      }
      report.outcome = outcomeOf(seen)
      result.stages.push(report)
      result.warnings.push(...warnings)
      result.seen |= seen
    },
  }

  for (const flushable of flushables) {
    try {
      const result = flushable.flush(deadline)
      if (isThenable(result)) {
        const settled = Promise.resolve(result).then(ended(flushable, finished), ended(flushable, failed))
        run.work = run.waiting++ ? Promise.all([run.work, settled]) : settled
        unfinished.push(flushable)
      } else finished(flushable, result)
    } catch (thrown) {
      failed(flushable, thrown)
    }
  }
  // One that had nothing to do has taken no time worth looking at the clock for.
  if (seen) tookMs()
  return run
}

/** Whether something is, or acts as, a promise. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
