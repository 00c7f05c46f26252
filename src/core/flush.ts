/**
 * Stages in order, one deadline: the only place that flushes.
 *
 * Everything here is synchronous for as long as the flushables are. A promise and a timer cost more than all the rest
 * of a wrap, so there is a race only when there is something to wait for.
 *
 * @module
 */
import { type Deadline, settledWithin } from './deadline.ts'
import { type StageRun, startStage } from './stage.ts'
import type { SpanOwner, Stage, StageReport } from './types.ts'

/** What the stages of a flush did. */
export interface FlushResult {
  stages: StageReport[]
  /** A sentence for each flushable that failed or was cut. */
  warnings: string[]
  /** Milliseconds from the deadline's start until the last stage was over. */
  durationMs: number
  /** Whether any flushable has delivered something, has failed or was late, or was late. */
  delivered: boolean
  failed: boolean
  late: boolean
}

/**
 * Runs stages in order, each within what the deadline leaves it. Never throws and never rejects.
 *
 * A stage that overruns its share is left behind, not cut: the next one starts, and if the slow one is done before the
 * whole deadline is over, it was in time.
 */
export function flush(
  stages: readonly Stage[],
  deadline: Deadline,
  invocation: SpanOwner,
): FlushResult | Promise<FlushResult> {
  deadline.invocation = invocation
  const runs: StageRun[] = []
  for (const stage of stages) {
    const run = startStage(stage, deadline)
    runs.push(run)
    if (run.waiting) return inTime(runs, stages, deadline)
  }
  return conclude(runs, deadline)
}

/** The same from the first stage on that has to be waited for. */
async function inTime(runs: StageRun[], stages: readonly Stage[], deadline: Deadline): Promise<FlushResult> {
  for (const [at, stage] of stages.entries()) {
    const run = (runs[at] ??= startStage(stage, deadline))
    if (run.waiting) await settledWithin(run, deadline, stage.network === true)
  }
  for (const run of runs) if (run.waiting) await settledWithin(run, deadline, true)
  return conclude(runs, deadline)
}

function conclude(runs: readonly StageRun[], deadline: Deadline): FlushResult {
  const result: FlushResult = { stages: [], warnings: [], durationMs: deadline.lastMs, delivered: false, failed: false, late: false }
  for (const run of runs) run.conclude(result)
  result.durationMs = deadline.lastMs
  return result
}
