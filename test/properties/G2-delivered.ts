/** G2 Delivered is acknowledged: the exporter has acknowledged everything that a report calls delivered. */
import type { Owner, Trace } from './trace.ts'
import { must } from './violation.ts'

export function delivered(trace: Trace): void {
  aDeliveredInvocationIsAcknowledged(trace)
  noMoreIsAcknowledgedThanTheExporterSays(trace)
}

function aDeliveredInvocationIsAcknowledged(trace: Trace): void {
  // Late spans belong to the next flush, of whichever invocation. So do spans that an earlier flush reported as not delivered.
  const left = new Map<Owner, number>()
  for (const { start, end } of trace.flushes) {
    const { owner, index } = start
    if (!end || owner === 'nobody') continue
    if (end.report.outcome === 'delivered') {
      for (const { name, ended = Infinity, accepted = Infinity } of trace.spansOf(owner)) {
        const own = ended < Math.min(index, trace.closed(owner)) && ended > (left.get(owner) ?? -1)
        must(!own || accepted < end.index, `${name} is said to be delivered, and is not acknowledged`, end)
      }
    } else {
      // Losses are counted until the report, including those of spans that have ended since the flush began.
      left.set(owner, end.report.spans.failed ? end.index : index)
    }
  }
}

function noMoreIsAcknowledgedThanTheExporterSays(trace: Trace): void {
  let told = 0
  for (const { index, report } of trace.of('report')) {
    told += report.spans.acknowledged
    const accepted = [...trace.spans.values()].filter((span) => span.accepted !== undefined && span.accepted < index).length
    must(told <= accepted, `${told} spans are said to be acknowledged by now, and ${accepted} are`, report)
  }
}
