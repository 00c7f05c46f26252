/**
 * Stages in order, one deadline: the only place that flushes.
 *
 * Everything here is synchronous for as long as the flushables are. A promise and a timer cost more than all the rest
 * of a wrap, so there is a race only when there is something to wait for.
 *
 * @module
 */
import { type Deadline, settledWithin } from './deadline.ts'
import { StageRun } from './stage.ts'
import type { SpanOwner, Stage, StageReport } from './types.ts'

/** What the stages of a flush did. */
export interface FlushResult {
  stages: StageReport[]
  /** A sentence for each flushable that failed or was cut. */
  warnings: string[]
  /** Milliseconds from the deadline's start until the last stage was over. */
  durationMs: number
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
  const runs: StageRun[] = []
  for (const stage of stages) {
    const run = new StageRun(stage, deadline, invocation)
    runs.push(run)
    if (run.waiting > 0) return inTime(runs, stages, deadline, invocation)
  }
  return conclude(runs)
}

/** The same from the first stage on that has to be waited for. */
async function inTime(runs: StageRun[], stages: readonly Stage[], deadline: Deadline, invocation: SpanOwner) {
  for (let at = runs.length - 1; at < stages.length; at++) {
    const run = (runs[at] ??= new StageRun(stages[at] as Stage, deadline, invocation))
    if (run.waiting > 0) await settledWithin(run, deadline, run.stage.network === true)
  }
  for (const run of runs) if (run.waiting > 0) await settledWithin(run, deadline, true)
  return conclude(runs)
}

function conclude(runs: readonly StageRun[]): FlushResult {
  const result: FlushResult = { stages: [], warnings: [], durationMs: 0 }
  for (const run of runs) run.conclude(result)
  return result
}
