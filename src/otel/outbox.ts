/**
 * Brings finished spans to one exporter, invocation by invocation.
 *
 * Only plain data outlives a flush. Spans whose export failed, or was not answered in time, go out again with the next flush:
 * one attempt in each flush, as long as the buffer has room, but not while a backend that is only slow accepts others. Where
 * promises must not cross requests (an invocation's `timers` is `false`), a flush waits only for its own invocation's exports.
 *
 * @module
 */
import { overWithin } from '../core/deadline.ts'
import { exportFailed } from '../core/errors.ts'
import { isolate, remove } from '../core/isolate.ts'
import type { NamedFlush, SpanCounts, SpanOwner } from '../core/types.ts'
import { aging } from './aging.ts'
import { DEAD_MS, isDead, makeDelivery } from './delivery.ts'
import { Kept } from './kept.ts'
import { type Flight, type Ledger, answersOf, bound, close, concerns, hold, matters, move, newFlight, newLedger, noted, sizeOf, worthWaiting } from './ledger.ts'
import type { Limits } from './options.ts'
import type { Exporter, FinishedSpan } from './types.ts'

export type Outbox = ReturnType<typeof makeOutbox>

/** @param limits a `maxQueueSize` of 0 is for exports that the application makes (`track`): the outbox keeps nothing */
export function makeOutbox(exporter: Exporter, { maxBufferSize, maxQueueSize, flushIntervalMs }: Limits) {
  /** Whether the application makes the exports. Then nothing is sent again, and an export has spans of several invocations. */
  const watching = maxQueueSize === 0
  /** The spans of no invocation, and the exports that the next flush waits for, or makes again. */
  const nobodys = newLedger()
  const kept = new Kept(maxQueueSize, maxBufferSize)
  /** The ledgers whose flush is under way. */
  const flushing: Ledger[] = []
  /** Whether an invocation may wait for what another one has begun. */
  let crossing = true
  /** What became, since the last report, of spans that no invocation is going to report. */
  let acknowledged = 0
  let late = 0
  /** The number of the next flush, from 1 on. */
  let flushes = 1

  const delivery = makeDelivery(exporter, (flight, error, refusal) => {
    const { ledger, spans } = flight
    remove(ledger.open, flight)
    const expired = remove(nobodys.open, flight)
    if (!matters(flight)) return
    if (error) {
      flight.error = exportFailed(spans.length, error)
      ledger.error ??= flight.error
      const nobodyAsks = expired || watching || ledger.closed || ledger === nobodys
      const again = refusal ? kept.refused(spans, nobodyAsks ? kept : ledger, refusal) : spans
      if (nobodyAsks) kept.add(again)
      else ledger.lost += hold(ledger.kept, again, maxQueueSize)
    } else if (expired || watching || ledger === nobodys) acknowledged += spans.length
    else ledger.acknowledged += spans.length
  })

  const ledgers = () => isolate.live.map((owner) => ledgerOf(owner))
  // An exporter that does not answer is not given more and more spans. Instead, the buffer grows to its bound.
  const sendIfRoom = (ledger: Ledger) => sizeOf(ledger.open) + ledger.finished.length <= maxQueueSize && send(ledger)
  const [ages, stopAging] = aging(flushIntervalMs as number, ledgers, sendIfRoom)

  function ledgerOf(owner?: SpanOwner): Ledger {
    crossing &&= owner?.timers !== false
    return !owner || (crossing && watching) ? nobodys : noted(owner, nobodys)
  }

  /** Takes a finished span. */
  function finished(span: FinishedSpan, owner: SpanOwner | undefined): void {
    const ledger = ledgerOf(owner)
    delivery.noticed(span)
    if (ledger.closed) {
      if (owner?.lasting || ledger.closed === flushes) kept.leave([span])
      else {
        late++
        kept.add([span])
      }
      return owner?.late?.()
    }
    const size = ledger.finished.push(span)
    ;(owner ? ledger : kept).lost += bound(ledger.finished, maxQueueSize)
    // A request must not send spans of no invocation if it will not wait for them.
    if (size >= maxBufferSize && (owner || crossing)) sendIfRoom(ledger)
    else if (size === 1 && flushIntervalMs && owner?.live && owner.timers) ages(ledger)
  }

  const send = (ledger: Ledger): void => request(ledger, ledger.finished.splice(0))

  /** Sends spans in one request, or in several if they do not fit into one batch: backends refuse requests that are too large. */
  const request = (ledger: Ledger, spans: readonly FinishedSpan[]): void =>
    kept.batches(spans).forEach((batch) => delivery.send(newFlight(ledger, batch, watching), crossing))

  /** Begins a flush: gives the exporter all spans of a ledger, and all spans of no invocation. */
  function handOff(ledger: Ledger, owner?: SpanOwner): void {
    // Spans that were refused earlier go out again now, so the refusal is no longer the last word.
    ledger.error = nobodys.error = undefined
    // The runtime may have stopped a flush with its request: nothing else would send its spans.
    if (!crossing) for (const dead of flushing.filter(isDead)) leave(dead)
    const last = owner?.phase === 'shutdown'
    for (const flight of nobodys.open.splice(0)) {
      if (crossing && (flight.ledger === nobodys || worthWaiting(flight, owner?.patient && !last))) move(flight, ledger)
      else if (!(crossing && !last && delivery.isSlow(flight))) kept.add(delivery.forget(flight))
      // A flight of this ledger's is still in its `open`.
      else if (flight.ledger !== ledger) nobodys.open.push(flight)
    }
    const full = owner?.patient && !last && sizeOf(ledger.open) + kept.spans.length > maxQueueSize
    if (!full && kept.spans.length + ledger.kept.length + nobodys.finished.length) {
      const failed = kept.failed + ledger.kept.length > 0
      ledger.finished = kept.take([...ledger.kept.splice(0), ...nobodys.finished.splice(0), ...ledger.finished])
      // A backend that may still be down must not get all of them with each flush.
      if (failed && owner && !last) ledger.kept = ledger.finished.splice(maxBufferSize)
    }
    send(ledger)
  }

  /** Waits until the exporter has answered all exports of a ledger, and then until it has emptied a buffer of its own. */
  function settle(ledger: Ledger, owner?: SpanOwner, idle = true, seen: readonly Flight[] = []): unknown {
    // The application, which makes the exports, has given up a dead one, too.
    if (watching) for (const flight of ledger.open.filter(isDead)) delivery.answered(flight, new Error('no answer'))
    // Others keep adding exports to `nobodys` meanwhile. Wait only for those that were there at first.
    const waited = ledger === nobodys && seen.length ? [] : ledger.open.filter((flight) => matters(flight) && (!watching || concerns(flight, owner)))
    if (waited.length) return answersOf(waited).then(() => settle(ledger, owner, false, [...seen, ...waited]))
    // An export that the application makes has spans of several invocations: every flush that waits for it must learn its error.
    const error = ledger.error ?? (watching && seen.find((flight) => flight.error)?.error)
    // Where we make the exports, the next flush clears the error.
    if (watching) ledger.error = undefined
    if (error) throw error
    if (ledger.kept.length) {
      request(ledger, ledger.kept.splice(0))
      return settle(ledger, owner, false)
    }
    if (idle && ledger.acknowledged + acknowledged === 0) return 'nothing_to_send'
    // An exporter with a buffer of its own acknowledges at once and sends later. But an exporter with other requests in flight
    // would wait for those here: for another invocation's, or for one that hangs.
    return delivery.unanswered() > 0 ? undefined : delivery.drain()
  }

  /** Leaves a ledger's counts, its exports under way, and what it has kept, to the next flush. */
  function leave(ledger: Ledger): void {
    remove(flushing, ledger)
    // This runs for every request to a server, so it makes no needless arrays.
    if (ledger.kept.length) kept.add(ledger.kept.splice(0))
    acknowledged += ledger.acknowledged
    kept.lost += ledger.lost
    ledger.acknowledged = ledger.lost = 0
    for (let flight; (flight = ledger.open[0]); ) move(flight, nobodys)
  }

  /** @param all whether to send the spans of other invocations, too */
  async function forceFlush(owner?: SpanOwner, all = !owner): Promise<void> {
    const own = ledgerOf(owner)
    // Nobody asks for the counts of spans outside any invocation, or of an invocation that is over. The next flush reports them.
    const nobodyAsks = own === nobodys || own.closed
    const first = nobodyAsks ? { ...newLedger(), closed: true } : own
    const others = all && crossing ? [...ledgers(), ...flushing] : []
    const underWay = flushing.includes(own)
    // If the invocation's flush is under way, what that flush fails to send goes out with the next one.
    if (!underWay) handOff(first)
    if (nobodyAsks) leave(first)
    for (const ledger of others) {
      // What an export of this ledger's has failed to send meanwhile follows in `settle`.
      if (!flushing.includes(ledger)) ledger.error = undefined
      send(ledger)
    }
    // A ledger whose flush is over has reported its failure, and the backend may be well by now.
    const mine = own.error && !underWay ? [] : [own]
    // `async`, so that none throws at once: nobody would then handle the rejections of the others.
    await Promise.all([first, ...mine, nobodys, ...others].map(async (ledger) => settle(ledger)))
  }

  return {
    name: exporter.constructor?.name || 'exporter',
    finished,
    forceFlush,
    flush: ({ invocation }) => settle(ledgerOf(invocation), invocation),

    /** If this is idle, a span that finishes later is late, as after a flush. */
    idle(owner) {
      const ledger = ledgerOf(owner)
      const own = ledger.finished.length + ledger.kept.length + ledger.open.length + ledger.acknowledged
      if (ledger.error || own + acknowledged + kept.spans.length + nobodys.finished.length + nobodys.open.length) return false
      close(ledger, watching || owner.live)
      flushes++
      return true
    },

    // An exporter with a buffer may answer only when told to send. But telling it holds requests up, and waits for others'.
    urge(): void {
      if (crossing || delivery.unanswered() < 2) (async () => delivery.drain())().catch(() => {})
    },

    handOff(owner: SpanOwner): void {
      const ledger = ledgerOf(owner)
      close(ledger, watching || owner.live)
      flushes++
      handOff(ledger, owner)
      flushing.push(ledger)
    },

    /** Counts what became of an invocation's spans, and of everything else since the last report. */
    count(owner: SpanOwner): SpanCounts {
      const ledger = ledgerOf(owner)
      remove(flushing, ledger)
      if (ledger.closed) {
        nobodys.open.push(...ledger.open)
        if (ledger.kept.length) kept.add(ledger.kept.splice(0))
      }
      const counts = {
        acknowledged: ledger.acknowledged + acknowledged,
        failed: ledger.lost + kept.lost,
        pending: sizeOf(ledger.open),
        endedByDispose: 0,
        late,
        carriedOver: kept.tell() + ledger.kept.length,
      }
      ledger.acknowledged = acknowledged = ledger.lost = kept.lost = late = 0
      return counts
    },

    /** Keeps what an invocation has recorded for the next flush, which also waits for what the invocation has sent. */
    defer(owner: SpanOwner): void {
      const ledger = ledgerOf(owner)
      ledger.closed ||= flushes
      kept.leave(ledger.finished.splice(0))
      leave(ledger)
    },

    /** The number of spans kept for the next flush, as a fraction of what is worth a request of its own. */
    backlog: () => kept.spans.length / maxBufferSize,

    /** An invocation's exports that have not been answered. */
    open: (owner: SpanOwner) => ledgerOf(owner).open,

    /** Records an export that the application makes. @returns a function to call with its answer */
    watch(spans: readonly FinishedSpan[], owner: SpanOwner | undefined) {
      const flight = newFlight(ledgerOf(owner), spans, watching)
      delivery.started(flight)
      return (error: Error | undefined) => delivery.answered(flight, error)
    },

    async shutdown(): Promise<void> {
      stopAging()
      const sent = forceFlush()
      // An exporter that hangs is told to shut down all the same.
      const inTime = await overWithin(DEAD_MS, sent)
      await exporter.shutdown()
      if (inTime) await sent
    },
  } satisfies NamedFlush & Record<string, unknown>
}
