/** G5 Isolated: no invocation ends, exports or waits for what belongs to another, except what was left to it. */
import type { Export, Flush, Owner, Recorded, Trace } from './trace.ts'
import type { Program } from './program.ts'
import { must } from './violation.ts'

export function isolated(trace: Trace, program: Program): void {
  aSpanIsEndedWithItsOwnInvocation(trace)
  anExportIsOfOneInvocation(trace)
  aFlushWaitsForItsOwn(trace, program)
}

function aSpanIsEndedWithItsOwnInvocation(trace: Trace): void {
  for (const { name, owner, unfinished, isRoot, ended = Infinity } of trace.spans.values()) {
    must(owner !== undefined || !unfinished, `${name} is ended, though it belongs to no invocation`)
    if (owner === undefined || ended === Infinity || !(unfinished || isRoot)) continue
    const over = Math.min(...(['settle', 'early', 'dead'] as const).map((what) => trace.first(what, owner)?.index ?? Infinity))
    must(over < ended, `${name} is ended while its invocation goes on`)
  }
}

function anExportIsOfOneInvocation(trace: Trace): void {
  for (const batch of trace.exports) {
    const by = flushingAt(trace, batch)
    const first = batch.spans.filter(({ exported }) => exported === batch.made)
    const own = new Set(first.filter((span) => !wasLeft(trace, span, batch.made)).map(({ owner }) => owner))
    must(own.size <= 1, 'an export is of several invocations', names(batch))
    if (by === undefined) continue
    for (const owner of own) must(owner === by, `invocation ${by} exports what is another's`, names(batch))
  }
}

const names = ({ spans }: Export) => spans.map(({ name }) => name)

/** The invocation whose flush makes an export; `undefined` for an export made outside of a flush. */
function flushingAt(trace: Trace, { made }: Export): Owner | undefined {
  const before = trace.events.slice(0, made).findLast(({ what }) => !/export|accept|fail/.test(what))
  return before?.what === 'flush' ? before.owner : undefined
}

/** Whether a span belongs to no invocation, is late, or was left to a later flush before this index. */
const wasLeft = (trace: Trace, { owner, ended = Infinity }: Recorded, by: number): boolean =>
  owner === undefined || ended > trace.closed(owner) || trace.first('defer', owner) !== undefined || isFlushed(trace, owner, by)

const isFlushed = (trace: Trace, owner: number, by: number): boolean =>
  trace.flushes.some(({ start, end }) => start.owner === owner && !start.live && Number(end?.index) < by)

function aFlushWaitsForItsOwn(trace: Trace, { world }: Program): void {
  // Where requests end, a flush must not wait for exports of other requests, not even for spans left to it: they may never be answered.
  const mayCross = world === 'awaits' || world === 'keeps'
  for (const flush of trace.flushes) {
    const { start, end } = flush
    // An exporter gets only a limited number of exports at once: one that has to wait for its turn waits for those of others.
    if (!end || trace.spansOf(start.owner as number).some(({ ended = Infinity, exported = Infinity }) => ended < start.index && exported > end.index)) continue
    const concerned = trace.exports.filter(
      ({ made, spans, request }) =>
        made < end.index && (mayCross || request === start.request) && spans.some((span) => concerns(trace, flush, span, made)),
    )
    const buffered = end.report.stages[0]?.durationMs ?? 0
    const answers = concerned.map(({ answered = Infinity }) => (answered < end.index ? (trace.events[answered]?.at ?? 0) : Infinity))
    const latest = Math.max(start.at + buffered, ...answers)
    must(end.at <= latest, `invocation ${start.owner} is waiting for what is another's`, start, end, concerned.map(names))
  }
}

/** Whether a flush may have to wait for an export of this span: its own span, or one that was left to it. */
const concerns = (trace: Trace, { start }: Flush, span: Recorded, made: number): boolean =>
  span.owner === start.owner || span.exported !== made || wasLeft(trace, span, start.index)
