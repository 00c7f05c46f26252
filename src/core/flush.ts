/**
 * Runs stages in order, within one deadline. This is the only place that flushes.
 *
 * Everything here is synchronous as long as the flushables are. A promise and a timer cost more than all the rest of a wrap,
 * so there is a race only if there is something to wait for.
 *
 * @module
 */
import { type Deadline, settledWithin } from './deadline.ts'
import type { FlushResult } from './report.ts'
import { StageRun } from './stage.ts'
import type { SpanOwner, Stage, StageReport } from './types.ts'

/**
 * Runs stages in order, each within the time that the deadline leaves it. Never throws and never rejects.
 *
 * A stage that overruns its share is left behind, not cut: the next stage starts. If the slow stage is done before the whole
 * deadline is over, it was in time.
 */
export function flush(
  stages: readonly Stage[],
  deadline: Deadline,
  invocation: SpanOwner,
): FlushResult | Promise<FlushResult> {
  deadline.invocation = invocation
  const runs: StageRun[] = []
  const goOn = (): FlushResult | Promise<FlushResult> => {
    while (runs.length < stages.length) {
      const run = new StageRun(stages[runs.length] as Stage, deadline)
      runs.push(run)
      // The last stage waits for the network: exporters come after what feeds them.
      if (run.waiting) return settledWithin(run, deadline, runs.length === stages.length).then(goOn)
    }
    const behind = runs.find(({ waiting }) => waiting)
    if (behind && deadline.remainingMs(true) > 0) return settledWithin(behind, deadline, true).then(goOn)
    const result: FlushResult = { stages: [], warnings: [], seen: 0, durationMs: 0 }
    result.stages = runs.map((run) => run.conclude(result))
    result.durationMs = deadline.lastMs
    return result
  }
  return goOn()
}

/**
 * The result of a flush that has nothing to do, or `undefined` if the flush may have something to do.
 *
 * @param durationMs milliseconds that have gone by already
 */
export function idleFlush(stages: readonly Stage[], invocation: SpanOwner, durationMs = 0): FlushResult | undefined {
  if (!stages.every(({ flushables }) => flushables.every((flushable) => flushable.idle?.(invocation)))) return undefined
  const reports = stages.map(({ name }): StageReport => ({ name, outcome: 'nothing_to_send', durationMs: 0 }))
  return { stages: reports, warnings: [], seen: 0, durationMs }
}
