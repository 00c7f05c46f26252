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
  /** @param to what the flushable has resolved to, or the error it has thrown */
  const came = (flushable: NamedFlush, to: unknown) => {
    if (to === 'nothing_to_send') return
    const failed = to instanceof Error
    seen |= failed ? FAILED : to === false ? LATE : DELIVERED
    if (!failed && to !== false) return
    const error = failed ? to : timedOut(flushable.name, tookMs())
    report.error ??= error
    warnings.push(`stage "${name}": ${failed ? `${flushable.name} failed: ` : ''}${error.message}`)
  }

  const run = {
    waiting: 0,
    work: undefined as never as Promise<unknown>,
    urge() {
      for (const flushable of unfinished) flushable.urge?.()
    },
    conclude(result: FlushResult) {
      for (const flushable of unfinished.splice(0)) {
        came(flushable, false)
        deadline.expire(report.error)
      }
      report.outcome = outcomeOf(seen)
      result.stages.push(report)
      result.warnings.push(...warnings)
      result.seen |= seen
    },
  }

  for (const flushable of flushables) {
    let result: unknown
    try {
      result = flushable.flush(deadline)
    } catch (thrown) {
      result = toError(thrown)
    }
    if (!isThenable(result)) {
      came(flushable, result)
      continue
    }
    const ended = (to: unknown) => {
      const at = unfinished.indexOf(flushable)
      // It has been cut before.
      if (at < 0) return
      unfinished.splice(at, 1)
      run.waiting--
      tookMs()
      came(flushable, to)
    }
    unfinished.push(flushable)
    const settled = Promise.resolve(result).then(ended, (thrown: unknown) => ended(toError(thrown)))
    run.work = run.waiting++ ? Promise.all([run.work, settled]) : settled
  }
  // One that had nothing to do has taken no time worth looking at the clock for.
  if (seen) tookMs()
  return run
}

/** Whether something is, or acts as, a promise: those of Cloudflare's RPC are functions. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
