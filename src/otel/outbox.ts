/**
 * From finished spans to one exporter, invocation by invocation: what is in flight, what has to be sent again, what had
 * to be given up.
 *
 * Only plain data outlives a flush. Spans whose export failed, or was not answered in time, go out again with the next
 * flush: one attempt a flush, for as long as the buffer has room. Where promises must not cross from one request to
 * another (`timers` of an invocation is `false`), a flush waits for the exports of its own invocation and for no other.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { toError } from '../core/errors.ts'
import { isolate } from '../core/isolate.ts'
import { noSpans } from '../core/report.ts'
import { untraced } from '../core/suppress.ts'
import type { NamedFlush, SpanCounts, SpanOwner } from '../core/types.ts'
import { type Flight, type Ledger, answers, failureOf, land, ledgerOf, nameOf, newFlight, newLedger, notAccepted, remove, sizeOf } from './ledger.ts'
import type { Limits } from './options.ts'
import type { Exporter, FinishedSpan } from './types.ts'
import { detected, isPending, isRefusal, lostConnection } from './weather.ts'

/** OTLP exporters refuse more than 30 requests at once, and count those still that they are just answering for. */
const MOST_REQUESTS = 20

export class Outbox implements NamedFlush {
  readonly name: string
  /** What belongs to nobody: spans, and exports that the next flush waits for, or takes over. */
  readonly #nobodys = newLedger()
  /** Spans to be sent again, oldest first. */
  readonly #kept: FinishedSpan[] = []
  readonly #refusedOnce = new WeakSet<FinishedSpan>()
  /** What waits for one of the requests to be answered. */
  readonly #queued: Flight[] = []
  /** Requests whose answer matters. */
  #requests = 0
  /** Requests that the exporter has not answered. */
  #unanswered = 0
  /** Whose they are, if they are of one. */
  #only: Ledger | undefined
  /** Whether one invocation may wait for what another one has started. */
  #crossing = true
  #lost = 0
  #late = 0
  #timer: unknown

  constructor(
    readonly exporter: Exporter,
    readonly limits: Limits,
  ) {
    this.name = nameOf(exporter)
  }

  #ledgerOf(owner: SpanOwner): Ledger {
    if (!owner.timers) this.#crossing = false
    return ledgerOf(owner, this)
  }

  /** Takes a finished span. */
  finished(span: FinishedSpan, owner: SpanOwner | undefined): void {
    const ledger = owner ? this.#ledgerOf(owner) : this.#nobodys
    if (!ledger.closed) return this.#buffer(span, ledger)
    this.#late++
    this.#keep([span])
  }

  #buffer(span: FinishedSpan, ledger: Ledger): void {
    const { maxBufferSize, maxQueueSize, flushIntervalMs } = this.limits
    const { finished, owner } = ledger
    const length = finished.push(span)
    // The oldest: the root span is the last to finish, and the one that tells most.
    this.#bound(finished)
    if (length >= maxBufferSize) {
      // A collector that does not answer must not make us hold ever more exports open: then the buffer grows to its bound.
      // And what belongs to nobody must not be sent by a request that is not going to wait for it.
      if ((owner || this.#crossing) && sizeOf(ledger.open) + length <= maxQueueSize) this.#send(ledger)
    } else if (length === 1 && flushIntervalMs && owner?.timers) {
      ledger.since = clock().now()
      if (this.#timer === undefined) this.#arm(flushIntervalMs)
    }
  }

  #bound(spans: FinishedSpan[]): void {
    const over = spans.length - this.limits.maxQueueSize
    if (over > 0) this.#lost += spans.splice(0, over).length
  }

  #keep(spans: readonly FinishedSpan[]): void {
    for (const span of spans) this.#kept.push(span)
    this.#bound(this.#kept)
  }

  // One timer for all invocations. It does not keep the process alive, and looks only at plain data when it fires.
  #arm(ms: number): void {
    this.#timer = clock().setTimeout(() => this.#sendAged(), ms)
    ;(this.#timer as { unref?(): void } | undefined)?.unref?.()
  }

  #sendAged(): void {
    this.#timer = undefined
    let nextMs = Infinity
    for (const owner of isolate.live) {
      const ledger = this.#ledgerOf(owner)
      if (ledger.finished.length === 0) continue
      const leftMs = ledger.since + Number(this.limits.flushIntervalMs) - clock().now()
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
      else this.#send(ledger)
    }
    if (nextMs < Infinity) this.#arm(nextMs)
  }

  /** Sends what has finished, in one request. */
  #send(ledger: Ledger): void {
    const { finished } = ledger
    if (finished.length === 0) return
    ledger.finished = []
    const flight = newFlight(ledger, finished)
    if (this.#crossing && this.#requests >= MOST_REQUESTS) this.#queued.push(flight)
    else this.#depart(flight)
  }

  #depart(flight: Flight): void {
    this.#requests++
    this.#only = this.#unanswered++ === 0 || this.#only === flight.ledger ? flight.ledger : undefined
    // What a resource waits for is a promise of whoever has made the provider.
    const pending = this.#crossing && flight.spans.filter(isPending)
    if (pending && pending.length > 0) void detected(pending).then(() => this.#export(flight))
    else this.#export(flight)
  }

  /** The exporter may answer before this returns; one that throws has refused the spans. */
  #export(flight: Flight): void {
    // It may have waited so long for its turn that another one has taken its spans over.
    if (flight.spans.length === 0) return this.#land(flight, undefined)
    try {
      untraced(() => this.exporter.export(flight.spans, (result) => this.#land(flight, failureOf(result))))
    } catch (thrown) {
      this.#land(flight, toError(thrown))
    }
  }

  #land(flight: Flight, error: Error | undefined): void {
    const { spans, done, again } = flight
    if (done) return
    const matters = spans.length > 0
    if (matters && !again && lostConnection(error)) {
      flight.again = true
      return this.#export(flight)
    }
    this.#unanswered--
    land(flight, matters ? error : undefined, remove(this.#nobodys.open, flight) ? this.#nobodys : flight.ledger)
    if (!matters) return
    // A long invocation must not hold on to what is delivered.
    flight.spans = []
    this.#requests--
    const next = this.#queued.shift()
    if (next) this.#depart(next)
    if (error) this.#refused(spans, error)
  }

  // One more attempt only for what the backend refuses: one span that it cannot take would spoil every request from now on.
  #refused(spans: readonly FinishedSpan[], error: Error): void {
    if (!isRefusal(error)) return this.#keep(spans)
    const again = spans.filter((span) => !this.#refusedOnce.has(span))
    for (const span of again) this.#refusedOnce.add(span)
    this.#lost += spans.length - again.length
    this.#keep(again)
  }

  /** Keeps the spans of an export that nobody waits for any more. */
  #takeOver(flight: Flight): void {
    const { spans } = flight
    if (spans.length === 0) return
    flight.spans = []
    // One that hangs must not keep others from being tried.
    if (remove(this.#queued, flight)) land(flight, undefined, this.#nobodys)
    else this.#requests--
    this.#keep(spans)
  }

  /** Begins a flush of an invocation: hands all that is its own, and all that is nobody's, to the exporter. */
  handOff(owner: SpanOwner): 'nothing_to_send' {
    const ledger = this.#ledgerOf(owner)
    ledger.closed = !owner.live
    this.#handOff(ledger)
    return 'nothing_to_send'
  }

  #handOff(ledger: Ledger): void {
    const nobodys = this.#nobodys
    // What was refused earlier goes out again now, so that the refusal is no longer the last word.
    ledger.refused = 0
    ledger.error = undefined
    for (const flight of nobodys.open.splice(0)) {
      // One of another invocation's had all the time of its flush.
      if (flight.ledger === nobodys && this.#crossing) {
        flight.ledger = ledger
        ledger.open.push(flight)
      } else this.#takeOver(flight)
    }
    if (this.#kept.length + nobodys.finished.length > 0) {
      ledger.finished = [...this.#kept.splice(0), ...nobodys.finished.splice(0), ...ledger.finished]
    }
    this.#send(ledger)
  }

  /** Waits until the exporter has answered for all of an invocation's, and then for its own buffers, if it has any. */
  readonly flush: NamedFlush['flush'] = ({ invocation }) => this.#settle(this.#ledgerOf(invocation))

  #settle(ledger: Ledger): unknown {
    const open = ledger.open.filter(({ spans }) => spans.length > 0)
    return open.length > 0 ? answers(open).then(() => this.#settled(ledger)) : this.#settled(ledger)
  }

  #settled(ledger: Ledger): unknown {
    if (ledger.error) throw notAccepted(ledger)
    if (ledger.acknowledged === 0) return 'nothing_to_send'
    // An exporter with a buffer of its own acknowledges at once and sends later. One that has other requests in flight
    // would wait for those here: for another invocation's, or for one that hangs.
    return this.#unanswered === 0 ? untraced(() => this.exporter.forceFlush?.()) : undefined
  }

  /**
   * Has an exporter that has not answered send what it may hold: one with a buffer of its own may answer only then. Not
   * before there is reason to, since what is done before a request is written holds it up.
   */
  urge(): void {
    if (!this.#crossing && !this.#only) return
    try {
      void untraced(() => this.exporter.forceFlush?.())?.catch(() => {})
    } catch {
      // Whether the spans arrive shows in the exporter's answer, and not here.
    }
  }

  /** What became of an invocation's spans, and of everything else since the last report. */
  count(owner: SpanOwner): SpanCounts {
    const nobodys = this.#nobodys
    const ledger = this.#ledgerOf(owner)
    const counts = noSpans()
    counts.acknowledged = ledger.acknowledged + nobodys.acknowledged
    counts.failed = this.#lost
    counts.pending = sizeOf(ledger.open)
    counts.late = this.#late
    counts.carriedOver = this.#kept.length
    ledger.acknowledged = nobodys.acknowledged = this.#lost = this.#late = 0
    if (ledger.closed) nobodys.open.push(...ledger.open)
    return counts
  }

  /** Keeps what an invocation has recorded for the next flush, which also waits for what it has sent. */
  defer(owner: SpanOwner): void {
    const nobodys = this.#nobodys
    const ledger = this.#ledgerOf(owner)
    ledger.closed = true
    this.#keep(ledger.finished.splice(0))
    nobodys.acknowledged += ledger.acknowledged
    for (const flight of ledger.open.splice(0)) {
      flight.ledger = nobodys
      nobodys.open.push(flight)
    }
  }

  /** How many spans are kept for the next flush, as a part of how many are worth a request of their own. */
  get backlog(): number {
    return this.#kept.length / this.limits.maxBufferSize
  }

  /** Exports of an invocation that have not been answered. */
  open(owner: SpanOwner): readonly Flight[] {
    return this.#ledgerOf(owner).open
  }

  async forceFlush(owner: SpanOwner | undefined): Promise<void> {
    if (owner || !this.#crossing) {
      const ledger = owner ? this.#ledgerOf(owner) : newLedger()
      this.#handOff(ledger)
      await this.#settle(ledger)
      return
    }
    const ledgers = isolate.live.map((live) => this.#ledgerOf(live))
    for (const ledger of ledgers) this.#send(ledger)
    this.#handOff(this.#nobodys)
    await Promise.all([...ledgers, this.#nobodys].map((ledger) => this.#settle(ledger)))
  }

  async shutdown(): Promise<void> {
    clock().clearTimeout(this.#timer)
    await this.forceFlush(undefined).catch(() => {})
    await this.exporter.shutdown()
  }
}
