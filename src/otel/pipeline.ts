/**
 * From finished spans to the exporters, invocation by invocation.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { isolate } from '../core/isolate.ts'
import type { SpanCounts, SpanOwner, Telemetry } from '../core/types.ts'
import type { Flight } from './flight.ts'
import { Ledger } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import type { FinishedSpan } from './types.ts'

/** When spans are sent before their invocation's flush, and how many may wait. */
export interface Limits {
  readonly maxBufferSize: number
  readonly maxQueueSize: number
  /** `false`: not by time. */
  readonly flushIntervalMs: number | false
}

export class Pipeline {
  readonly #unowned = new Ledger()
  #timer: unknown
  #late = 0

  /** @param telemetry what this pipeline is a part of; set by whoever makes both */
  telemetry: Telemetry | undefined

  constructor(
    readonly outboxes: readonly Outbox[],
    readonly limits: Limits,
  ) {}

  ledgerOf(owner: SpanOwner): Ledger {
    const { notes } = owner
    const at = notes.indexOf(this)
    if (at >= 0) return notes[at + 1] as Ledger
    const ledger = new Ledger(owner)
    notes.push(this, ledger)
    return ledger
  }

  /** The ledgers of invocations whose flush has not begun. */
  #open(): Ledger[] {
    return isolate.live.filter(({ telemetry }) => telemetry === this.telemetry).map((owner) => this.ledgerOf(owner))
  }

  /** Takes a finished span. */
  finished(span: FinishedSpan, owner: SpanOwner | undefined): void {
    if (this.outboxes.length === 0) return
    // Nobody asks this pipeline for the flush of an invocation that is wrapped with another telemetry.
    if (!owner || owner.telemetry !== this.telemetry) return this.#buffer(span, this.#unowned)
    const ledger = this.ledgerOf(owner)
    if (!ledger.closed) return this.#buffer(span, ledger)
    this.#late++
    for (const outbox of this.outboxes) outbox.keep([span])
  }

  #buffer(span: FinishedSpan, ledger: Ledger): void {
    const { maxBufferSize, maxQueueSize, flushIntervalMs } = this.limits
    const { finished } = ledger
    finished.push(span)
    if (finished.length > maxQueueSize) {
      // The oldest: the root span is the last to finish, and the one that tells most.
      finished.shift()
      for (const outbox of this.outboxes) outbox.lose(1)
    }
    if (finished.length >= maxBufferSize && this.#mayFly(finished.length)) this.#send(ledger, false)
    else if (finished.length === 1 && flushIntervalMs !== false && ledger.owner?.timers) {
      ledger.since = clock().now()
      if (this.#timer === undefined) this.#arm(flushIntervalMs)
    }
  }

  // A collector that does not answer must not make us hold ever more exports open: then the buffer grows to its bound.
  #mayFly(spans: number): boolean {
    return this.outboxes.every((outbox) => outbox.inFlight + spans <= this.limits.maxQueueSize)
  }

  #send(ledger: Ledger, again: boolean): void {
    const spans = ledger.take()
    const mayQueue = ledger.owner?.timers !== false
    // A program may run for long without any flush, and nobody's flights must not pile up meanwhile.
    if (ledger === this.#unowned) ledger.flights = ledger.flights.filter(({ state }) => state === 'in_flight')
    for (const outbox of this.outboxes) {
      const flight = outbox.send(spans, { again, mayQueue })
      if (flight) ledger.flights.push(flight)
    }
  }

  // One timer for all invocations. It does not keep the process alive, and looks only at plain data when it fires.
  #arm(ms: number): void {
    this.#timer = clock().setTimeout(() => this.#sendAged(), ms)
    ;(this.#timer as { unref?(): void } | undefined)?.unref?.()
  }

  #sendAged(): void {
    this.#timer = undefined
    const interval = this.limits.flushIntervalMs as number
    const now = clock().now()
    let next = Infinity
    for (const ledger of this.#open()) {
      if (ledger.finished.length === 0) continue
      if (now - ledger.since >= interval) this.#send(ledger, false)
      else next = Math.min(next, ledger.since + interval - now)
    }
    if (next < Infinity) this.#arm(next)
  }

  /** Begins the flush of an invocation: hands all that is its own, and all that is nobody's, to the exporters. */
  handOff(owner: SpanOwner): 'nothing_to_send' {
    const ledger = this.ledgerOf(owner)
    ledger.closed = true
    if (this.#unowned.finished.length > 0) ledger.finished = [...this.#unowned.take(), ...ledger.finished]
    // Earlier exports of nobody's spans are waited for by whoever flushes next. What was refused earlier goes out again
    // now, so that the refusal is no longer the last word.
    const { flights } = this.#unowned
    if (flights.length > 0) ledger.flights.unshift(...flights.splice(0))
    if (ledger.flights.length > 0) ledger.flights = ledger.flights.filter(({ state }) => state !== 'refused')
    this.#send(ledger, true)
    return 'nothing_to_send'
  }

  /** Keeps what an invocation has recorded for the next flush, which also waits for what it has sent. */
  defer(owner: SpanOwner): void {
    const ledger = this.ledgerOf(owner)
    ledger.closed = true
    const spans = ledger.take()
    if (spans.length > 0) for (const outbox of this.outboxes) outbox.keep(spans)
    this.#unowned.flights.push(...ledger.flights.splice(0))
  }

  /** How many spans are kept for the next flush, as a part of how many are worth a request of their own. */
  get backlog(): number {
    return Math.max(0, ...this.outboxes.map(({ kept }) => kept)) / this.limits.maxBufferSize
  }

  /** Waits until one exporter has answered for everything an invocation has sent. */
  settle(outbox: Outbox, owner: SpanOwner): unknown {
    return outbox.settle(this.#flightsOf(this.ledgerOf(owner).flights, outbox))
  }

  #flightsOf(flights: readonly Flight[], outbox: Outbox): readonly Flight[] {
    return this.outboxes.length === 1 ? flights : flights.filter((flight) => flight.outbox === outbox)
  }

  /** What became of an invocation's spans; with several exporters, at the one that did worst. */
  count(owner: SpanOwner): SpanCounts | undefined {
    const { flights } = this.ledgerOf(owner)
    const [first, ...others] = this.outboxes
    if (!first) return undefined
    const counts = first.count(this.#flightsOf(flights, first))
    for (const outbox of others) {
      const other = outbox.count(this.#flightsOf(flights, outbox))
      counts.acknowledged = Math.min(counts.acknowledged, other.acknowledged)
      counts.failed = Math.max(counts.failed, other.failed)
      counts.pending = Math.max(counts.pending, other.pending)
      counts.carriedOver = Math.max(counts.carriedOver, other.carriedOver)
    }
    counts.late = this.#late
    this.#late = 0
    return counts
  }

  async forceFlush(owner: SpanOwner | undefined): Promise<void> {
    const ledgers = owner ? [this.ledgerOf(owner)] : this.#open()
    for (const ledger of ledgers) if (!ledger.closed) this.#send(ledger, false)
    this.#send(this.#unowned, true)
    const flights = [...ledgers.flatMap((ledger) => ledger.flights), ...this.#unowned.flights.splice(0)]
    await Promise.all(this.outboxes.map((outbox) => outbox.settle(this.#flightsOf(flights, outbox))))
  }

  async shutdown(): Promise<void> {
    clock().clearTimeout(this.#timer)
    await this.forceFlush(undefined).catch(() => {})
    await Promise.all(this.outboxes.map((outbox) => outbox.exporter.shutdown()))
  }
}
