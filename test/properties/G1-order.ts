/** G1 Order: children, then the root, then buffers, then exporters. */
import type { Program } from './program.ts'
import type { Event, Recorded, Trace } from './trace.ts'
import { must } from './violation.ts'

export function order(trace: Trace, program: Program): void {
  for (const owner of trace.owners) {
    childrenEndBeforeTheirParents(trace, owner)
    if (program.world !== 'requests') rootEndsLast(trace, owner)
    nothingIsOpenAtTheFlush(trace, owner, program)
    if (program.world === 'awaits' || program.world === 'requests that wait') nothingIsRecordedBeforeTheFlush(trace, owner)
  }
  buffersAreDrainedBeforeTheExporters(trace, program)
  if (program.maxQueueSize === 2048 && program.maxBufferSize === 512) buffersAreDrainedBeforeTheNetworkIsWaitedFor(trace)
}

/** What each disposal of an invocation ended, in order. Exports may happen in between. */
function disposals(trace: Trace, owner: number): Event[][] {
  const all: Event[][] = []
  let open: Event[] | undefined
  for (const event of trace.events) {
    const ended =
      event.what === 'adopted ended' ? event.thing.owner : event.what === 'end' && (event.span.unfinished || event.span.isRoot) ? event.span.owner : undefined
    if (ended === owner) {
      if (!open) all.push((open = []))
      open.push(event)
    } else if (!/export|accept|fail|warn/.test(event.what)) open = undefined
  }
  return all
}

function childrenEndBeforeTheirParents(trace: Trace, owner: number): void {
  for (const disposal of disposals(trace, owner)) {
    const over = new Set<Recorded>()
    for (const event of disposal) {
      const parent = event.what === 'end' ? event.span.parent : event.what === 'adopted ended' ? event.thing.parent : undefined
      must(!parent || !over.has(parent), `a child of ${parent?.name} is ended after it`, event)
      if (event.what === 'end') over.add(event.span)
    }
  }
}

function rootEndsLast(trace: Trace, owner: number): void {
  const root = trace.spansOf(owner).find(({ isRoot }) => isRoot)?.ended ?? Infinity
  for (const span of trace.spansOf(owner)) {
    must(!span.unfinished || Number(span.ended) < root, `${span.name} is ended after the root`)
  }
  for (const thing of trace.adopted) {
    must(thing.owner !== owner || !thing.ended || thing.ended < root, 'what was adopted is ended after the root', thing)
  }
}

function nothingIsOpenAtTheFlush(trace: Trace, owner: number, { world }: Program): void {
  const root = trace.spansOf(owner).find(({ isRoot }) => isRoot)?.ended ?? Infinity
  for (const flush of trace.of('flush')) {
    if (flush.owner !== owner) continue
    must(root < flush.index, 'the root is open at the flush of its invocation', flush)
    // Only where nothing outlives its request, finished spans do not wait for background work.
    must(!flush.live || world === 'requests', 'an invocation is flushed while it goes on', flush)
    if (flush.live) continue
    for (const { name, whileLive, ended = Infinity } of trace.spansOf(owner)) {
      must(!whileLive || ended < flush.index, `${name} is open at the flush of its invocation`, flush)
    }
    for (const { owner: whose, whileLive, ended } of trace.adopted) {
      must(whose !== owner || !whileLive || Number(ended) < flush.index, 'what was adopted is open at the flush', flush)
    }
  }
}

function nothingIsRecordedBeforeTheFlush(trace: Trace, owner: number): void {
  const root = trace.spansOf(owner).find(({ isRoot }) => isRoot)?.ended ?? Infinity
  const flush = trace.of('flush').find(({ index, owner: whose }) => whose === owner && index > root)
  for (const event of trace.events.slice(root + 1, flush?.index ?? 0)) {
    const recorded = event.what === 'start' || event.what === 'end' ? event.span : undefined
    must(recorded?.owner !== owner, 'something is recorded between the end and the flush', event)
  }
}

function buffersAreDrainedBeforeTheExporters(trace: Trace, { timeoutMs }: Program): void {
  for (const network of trace.of('network')) {
    const { owner, index, at } = network
    const flush = trace.of('flush').findLast((start) => start.owner === owner && start.index < index)
    must(flush !== undefined, 'the exporters are waited for outside of a flush', network)
    const drained = trace.of('drained').some((event) => event.owner === owner && event.index > flush.index && event.index < index)
    // Unless the buffers use up all time but the network's share. A flush that has waited before has less of that time.
    const shareMs = flush.timeoutMs - timeoutMs / 2
    must(drained || at - flush.at >= Math.floor(shareMs), 'the exporters are flushed before the buffers are', flush, network)
  }
}

function buffersAreDrainedBeforeTheNetworkIsWaitedFor(trace: Trace): void {
  const begun = new Map<unknown, number>()
  for (const event of trace.of('flush', 'network')) {
    if (event.what === 'flush') begun.set(event.owner, event.index)
    else if (event.owner !== 'nobody') {
      for (const { name, ended = Infinity, exported = Infinity } of trace.spansOf(event.owner)) {
        const handedOver = ended > Number(begun.get(event.owner)) || exported < event.index
        must(handedOver, `${name} is not handed to the exporter when the network is waited for`, event)
      }
    }
  }
}
