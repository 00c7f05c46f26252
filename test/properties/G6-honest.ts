/** G6 Honest: each span has exactly one fate, each flush has a report, and each problem has a warning. */
import type { FlushReport } from 'flushed'
import type { Owner, Trace } from './trace.ts'
import { must, sum } from './violation.ts'

export function honest(trace: Trace): void {
  for (const last of trace.lasts) eachSpanHasOneFate(trace, last)
  nothingIsLeftWhenAllIsAnswered(trace)
  whatIsNotAnsweredIsPending(trace)
  whatIsLateIsCounted(trace)
  whatWasLeftOpenIsCounted(trace)
  eachFlushHasItsReport(trace)
  whatIsNotFineIsWarnedAbout(trace)
}

const reportsUntil = (trace: Trace, last: number): FlushReport[] =>
  trace.of('report').filter(({ index }) => index < last).map(({ report }) => report)

function eachSpanHasOneFate(trace: Trace, last: number): void {
  const reports = reportsUntil(trace, last)
  const told = sum(reports.map(({ spans }) => spans.acknowledged + spans.failed))
  const { pending = 0, carriedOver = 0 } = reports.at(-1)?.spans ?? {}
  const ended = trace.of('end').filter(({ index }) => index < last).length
  const counts = reports.map(({ phase, spans }) => ({ phase, ...spans }))
  must(told + pending + carriedOver === ended, `of ${ended} spans, ${told} have gone, and ${pending} + ${carriedOver} are left`, ...counts)
}

function nothingIsLeftWhenAllIsAnswered(trace: Trace): void {
  const last = trace.of('report').at(-1)?.report.spans
  must(last !== undefined && last.pending + last.carriedOver === 0, 'something is left at the end', last)
}

function whatIsNotAnsweredIsPending(trace: Trace): void {
  for (const owner of trace.owners) {
    // Spans that fail meanwhile may be sent again with those of another invocation.
    const flush = trace.flushes.find(({ start }) => start.owner === owner && !start.live)
    if (!flush?.end) continue
    const { start, end } = flush
    const handedOver = trace.of('handed over').find((event) => event.owner === owner && event.index > start.index)?.index ?? Infinity
    const unanswered = trace.spansOf(owner).filter(({ span, ended = Infinity }) => {
      if (ended > Math.min(start.index, trace.closed(owner))) return false
      const last = trace.exports.findLast(({ made, spans }) => made < end.index && spans.some((each) => each.span === span))
      return last !== undefined && last.made < handedOver && (last.answered ?? Infinity) > end.index
    })
    const { pending } = end.report.spans
    must(pending >= unanswered.length, `${unanswered.length} spans are not answered for, and ${pending} are said to be`, end)
  }
}

function whatIsLateIsCounted(trace: Trace): void {
  const late = [...trace.spans.values()].filter(({ owner, ended = -1 }) => owner !== undefined && ended > trace.lateFrom(owner))
  const told = sum(trace.of('report').map(({ report }) => report.spans.late))
  must(told === late.length, `${told} spans are said to be late, and ${late.length} are`, ...late.map(({ name }) => name))
}

function whatWasLeftOpenIsCounted(trace: Trace): void {
  const leftOpen = (owner: Owner) => {
    const open = trace.spansOf(owner).filter(({ unfinished }) => unfinished).length
    return open + trace.adopted.filter((thing) => thing.owner === owner && thing.ended !== undefined).length
  }
  for (const owner of trace.owners) {
    // An invocation whose telemetry is left to a later flush has no report of its own.
    if (trace.first('defer', owner)) continue
    const reports = trace.of('report').filter((event) => event.owner === owner)
    const told = sum(reports.map(({ report }) => report.spans.endedByDispose))
    const open = sum([owner, ...inheritedBy(owner, trace)].map(leftOpen))
    must(told === open, `of what invocation ${owner}, and those it reports on, left open, ${told} are told of, not ${open}`)
  }
}

/** The invocations that died without notice, and were ended when this one began. */
const inheritedBy = (heir: Owner, trace: Trace): Owner[] =>
  trace.owners.filter((owner) => {
    const ended = trace.first('dead', owner) && trace.first('defer', owner)
    return ended && trace.of('begin').findLast(({ index }) => index < ended.index)?.owner === heir
  })

function eachFlushHasItsReport(trace: Trace): void {
  for (const { start, end } of trace.flushes) {
    must(end !== undefined || start.phase === 'background', 'a flush has no report', start)
  }
  for (const { owner } of trace.of('settle')) {
    const flushed = trace.of('flush').some((flush) => flush.owner === owner && !flush.live)
    must(flushed || trace.first('defer', owner) !== undefined, `invocation ${owner} is never flushed`)
  }
}

function whatIsNotFineIsWarnedAbout(trace: Trace): void {
  for (const { index, report } of trace.of('report')) {
    const { failed, pending, late, carriedOver } = report.spans
    const fine = (report.outcome === 'delivered' || report.outcome === 'nothing_to_send') && failed + pending + late + carriedOver === 0
    must(fine || report.warnings.length > 0, 'a report does not say what is not fine', report)
    const after = trace.events.slice(index + 1)
    const until = after.findIndex(({ what }) => what === 'report')
    const warned = after.slice(0, until < 0 ? after.length : until).some(
      (event) => event.what === 'warn' && event.message.startsWith(`flushed: ${report.outcome} after`),
    )
    must(warned === !fine, 'a report and the log differ', report)
  }
}
