/**
 * One stage under way: its flushables are started together, and none can stop another.
 *
 * @module
 */
import type { Deadline, Pending } from './deadline.ts'
import { timedOut, toError } from './errors.ts'
import type { FlushResult } from './flush.ts'
import { outcomeOf } from './report.ts'
import type { NamedFlush, Stage, StageReport } from './types.ts'

/** One stage, under way. */
export interface StageRun extends Pending {
  /** Adds what the stage did to `result`. What has not finished by now has timed out. */
  conclude(result: FlushResult): void
}

/** Starts all flushables of a stage. Never throws, and no promise of its own ever rejects. */
export function startStage({ name, flushables }: Stage, deadline: Deadline): StageRun {
  const startedAt = deadline.lastMs
  let endedAt = startedAt
  let delivered = false
  let late = false
  let firstError: Error | undefined
  const warnings: string[] = []
  const unfinished: NamedFlush[] = []

  const tookMs = () => (endedAt = deadline.elapsedMs()) - startedAt
  const fail = (error: Error, what: string) => {
    firstError ??= error
    warnings.push(`stage "${name}": ${what}`)
  }
  const cut = (flushable: NamedFlush) => {
    late = true
    const error = timedOut(flushable.name, tookMs())
    fail(error, error.message)
  }
  const finished = (flushable: NamedFlush, result: unknown) => {
    if (result === false) cut(flushable)
    else if (result !== 'nothing_to_send') delivered = true
  }
  const failed = (flushable: NamedFlush, thrown: unknown) => {
    const error = toError(thrown)
    fail(error, `${flushable.name} failed: ${error.message}`)
  }
  /** Comes to nothing if the flushable has been cut before. */
  const ended = (come: typeof finished, flushable: NamedFlush) => (to: unknown) => {
    const at = unfinished.indexOf(flushable)
    if (at < 0) return
    unfinished.splice(at, 1)
    run.waiting--
    tookMs()
    come(flushable, to)
  }

  const run = {
    waiting: 0,
    work: undefined as unknown as Promise<unknown>,
    urge() {
      for (const flushable of unfinished) flushable.urge?.()
    },
    conclude(result: FlushResult) {
      if (unfinished.length > 0) {
        unfinished.splice(0).forEach(cut)
        deadline.expire(firstError)
      }
      const outcome = outcomeOf(delivered, warnings.length > 0, late)
      const report: StageReport = { name, outcome, durationMs: endedAt - startedAt }
      if (firstError) report.error = firstError
      result.stages.push(report)
      result.warnings.push(...warnings)
      result.delivered ||= delivered
      result.failed ||= warnings.length > 0
      result.late ||= late
    },
  }

  for (const flushable of flushables) {
    try {
      const result = flushable.flush(deadline)
      if (isThenable(result)) {
        const settled = Promise.resolve(result).then(ended(finished, flushable), ended(failed, flushable))
        run.work = run.waiting++ > 0 ? Promise.all([run.work, settled]) : settled
        unfinished.push(flushable)
      } else finished(flushable, result)
    } catch (thrown) {
      failed(flushable, thrown)
    }
  }
  // One that had nothing to do has taken no time worth looking at the clock for.
  if (delivered || firstError) tookMs()
  return run
}

/** Whether something is, or acts as, a promise. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
