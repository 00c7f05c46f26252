/** G3 Bounded: a flush has one deadline, half of it is for the network, and a response does not wait longer than it. */
import type { Program } from './program.ts'
import type { Trace } from './trace.ts'
import { must } from './violation.ts'

export function bounded(trace: Trace, program: Program): void {
  aFlushKeepsItsDeadline(trace, program)
  theNetworkHasItsShare(trace)
  theResponseWaitsNoLonger(trace, program)
}

function aFlushKeepsItsDeadline(trace: Trace, { timeoutMs }: Program): void {
  for (const { start, end } of trace.flushes) {
    must(start.timeoutMs <= timeoutMs, `a flush is given more than ${timeoutMs} ms`, start)
    if (!end) continue
    must(end.report.durationMs <= timeoutMs, `a flush takes more than ${timeoutMs} ms`, end)
    // The time given is in whole milliseconds.
    must(end.at - start.at < start.timeoutMs + 1, `a flush takes more than its ${start.timeoutMs} ms`, end)
  }
}

function theNetworkHasItsShare(trace: Trace): void {
  for (const { start } of trace.flushes) {
    const network = trace.of('network').find(({ index, owner }) => index > start.index && owner === start.owner)
    must(network !== undefined, 'the exporters are never waited for', start)
    must(network.timeoutMs >= Math.floor(start.timeoutMs / 2), 'the network has less than its share', start, network)
  }
}

function theResponseWaitsNoLonger(trace: Trace, { world, timeoutMs, invocations }: Program): void {
  for (const { owner, at, index } of trace.of('settle')) {
    const plan = invocations[Number(owner)]
    const response = trace.first('response', owner)
    must(response !== undefined, `invocation ${owner} has settled, and there is no response`)
    // A flush that began before the handler settled has a deadline of its own.
    if (!plan || trace.of('flush').some((flush) => flush.owner === owner && flush.index < index)) continue
    const leftMs = Math.max(0, plan.startsMs + plan.leavesMs - at)
    const longestMs =
      world === 'requests that wait' ? timeoutMs : world === 'awaits' && !plan.deferred ? Math.min(timeoutMs, leftMs) : 0
    must(response.at - at <= longestMs, `a response waits for ${response.at - at} ms, not ${longestMs} at most`, response)
  }
}
