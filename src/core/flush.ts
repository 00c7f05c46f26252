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

/** What the stages of a flush did. `warnings` has a sentence for each flushable that failed or was cut. */
export interface FlushResult {
  stages: StageReport[]
  warnings: string[]
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
  for (let i = 0; i < stages.length; i++) {
    const run = new StageRun(stages[i] as Stage, deadline, invocation)
    runs.push(run)
    if (run.work) return inTime(runs, stages.slice(i + 1), deadline, invocation)
  }
  return conclude(runs)
}

async function inTime(runs: StageRun[], rest: readonly Stage[], deadline: Deadline, invocation: SpanOwner) {
  await wait(runs[runs.length - 1] as StageRun, deadline)
  for (const stage of rest) {
    const run = new StageRun(stage, deadline, invocation)
    runs.push(run)
    if (run.work) await wait(run, deadline)
  }
  const unfinished = runs.filter((run) => run.waiting > 0)
  if (unfinished.length > 0) {
    await settledWithin(Promise.all(unfinished.map((run) => run.work)), () => deadline.remainingMs(true))
  }
  return conclude(runs)
}

const wait = (run: StageRun, deadline: Deadline) =>
  settledWithin(run.work as Promise<unknown>, () => deadline.remainingMs(run.stage.network === true))

function conclude(runs: readonly StageRun[]): FlushResult {
  const result: FlushResult = { stages: [], warnings: [] }
  for (const run of runs) run.conclude(result)
  return result
}
