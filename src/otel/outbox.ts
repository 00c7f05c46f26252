/**
 * Delivery to one exporter: what is in flight, what has to be sent again, what had to be given up.
 *
 * Only plain data outlives a flush. Spans whose export failed, or was not answered in time, go out again with the next
 * flush: one attempt a flush, for as long as the buffer has room. Spans that the backend *refused* (a 4xx) get one more
 * attempt only, since one span it cannot take would spoil every request from then on.
 *
 * @module
 */
import { exportFailed } from '../core/errors.ts'
import { noSpans } from '../core/report.ts'
import { untraced } from '../core/suppress.ts'
import type { SpanCounts } from '../core/types.ts'
import { Flight } from './flight.ts'
import type { Exporter, FinishedSpan } from './types.ts'

const NONE: readonly FinishedSpan[] = []

/** OTLP exporters refuse more than 30 requests at once, and count those still that they are just answering for. */
const MOST_REQUESTS = 20

export class Outbox {
  readonly name: string
  /** Spans in exports that have not been answered. */
  inFlight = 0
  /** Requests whose answer matters. */
  #requests = 0
  /** What waits for one of them to be answered. */
  readonly #queued: Flight[] = []
  /** Spans to be sent again, oldest first. */
  #kept: FinishedSpan[] = []
  readonly #refusedOnce = new WeakSet<FinishedSpan>()
  /** Exports that a report has called pending. */
  readonly #unanswered = new Set<Flight>()
  /** Fates since the last report that no flight of the next one will tell. */
  #acknowledgedSince = 0
  #lostSince = 0

  /** @param maxQueueSize how many spans are kept for another attempt; beyond that the oldest are lost, and counted */
  constructor(
    readonly exporter: Exporter,
    readonly maxQueueSize: number,
  ) {
    this.name = exporter.constructor?.name || 'exporter'
  }

  /**
   * Hands spans to the exporter in one request. `undefined` when there is nothing to send.
   *
   * @param options.again whether to send along what was kept
   * @param options.mayQueue whether the request may be made later, when another one, of anybody's, is answered
   */
  send(fresh: readonly FinishedSpan[], options: { again: boolean; mayQueue: boolean }): Flight | undefined {
    const kept = options.again ? this.#takeKept() : NONE
    const spans = kept.length === 0 ? fresh : [...kept, ...fresh]
    if (spans.length === 0) return undefined
    this.inFlight += spans.length
    const flight = new Flight(this, spans)
    if (options.mayQueue && this.#requests >= MOST_REQUESTS) this.#queued.push(flight)
    else this.#depart(flight)
    return flight
  }

  #depart(flight: Flight): void {
    this.#requests++
    flight.depart()
  }

  /** Keeps spans for the next flush. */
  keep(spans: readonly FinishedSpan[]): void {
    this.#kept = this.#kept.concat(spans)
    const over = this.#kept.length - this.maxQueueSize
    if (over > 0) this.lose(this.#kept.splice(0, over).length)
  }

  /** How many spans are kept. */
  get kept(): number {
    return this.#kept.length
  }

  /** Counts spans that are given up. */
  lose(spans: number): void {
    this.#lostSince += spans
  }

  /** Called by a flight in the turn of its answer. */
  landed(flight: Flight): void {
    this.inFlight -= flight.size
    const reported = this.#unanswered.delete(flight)
    if (flight.superseded) return
    this.#requests--
    const next = this.#queued.shift()
    if (next) this.#depart(next)
    if (flight.state === 'refused') this.#refused(flight)
    else if (reported) this.#acknowledgedSince += flight.size
  }

  #refused({ spans, error }: Flight): void {
    if (!isRefusal(error)) return this.keep(spans)
    const again = spans.filter((span) => !this.#refusedOnce.has(span))
    for (const span of again) this.#refusedOnce.add(span)
    this.lose(spans.length - again.length)
    this.keep(again)
  }

  #takeKept(): readonly FinishedSpan[] {
    // Even an empty Set makes itself a new table when it is cleared.
    if (this.#unanswered.size > 0) {
      for (const flight of this.#unanswered) {
        flight.superseded = true
        this.keep(flight.spans)
        const queued = this.#queued.indexOf(flight)
        // One that hangs must not keep others from being tried.
        if (queued === -1) this.#requests--
        else {
          this.#queued.splice(queued, 1)
          this.inFlight -= flight.size
        }
      }
      this.#unanswered.clear()
    }
    const kept = this.#kept
    if (kept.length > 0) this.#kept = []
    return kept
  }

  /**
   * Waits until the exporter has answered for these flights, and then for its own buffers, if it has any.
   *
   * @throws when it refused any of them
   */
  settle(flights: readonly Flight[]): unknown {
    if (flights.length === 0) return 'nothing_to_send'
    const open = flights.filter(({ state }) => state === 'in_flight')
    if (open.length === 0) return this.#settled(flights)
    const [first] = open
    const answers = first && open.length === 1 ? first.answer : Promise.all(open.map(({ answer }) => answer))
    return answers.then(() => this.#settled(flights))
  }

  #settled(flights: readonly Flight[]): unknown {
    const refused = flights.filter(({ state }) => state === 'refused')
    if (refused.length > 0) {
      const [first] = refused
      throw exportFailed(`${sizeOf(refused)} spans not accepted: ${first?.error?.message}`, first?.error)
    }
    // An exporter with a buffer of its own acknowledges at once and sends later. One that has other requests in flight
    // would wait for those here: for another invocation's, or for one that hangs.
    return this.inFlight === 0 ? untraced(() => this.exporter.forceFlush?.()) : undefined
  }

  /**
   * Has an exporter that has not answered send what it may hold: one with a buffer of its own may answer only then. Not
   * before there is reason to, since what is done before a request is written holds it up.
   */
  urge(): void {
    try {
      void untraced(() => this.exporter.forceFlush?.())?.catch(() => {})
    } catch {
      // Whether the spans arrive shows in the exporter's answer, and not here.
    }
  }

  /** What became of these flights, and of everything else since the last report. To be asked once a flush. */
  count(flights: readonly Flight[]): SpanCounts {
    const counts = noSpans()
    for (const flight of flights) {
      if (flight.state === 'acknowledged') counts.acknowledged += flight.size
      else if (flight.state === 'in_flight') {
        counts.pending += flight.size
        this.#unanswered.add(flight)
      }
    }
    counts.acknowledged += this.#acknowledgedSince
    counts.failed = this.#lostSince
    counts.carriedOver = this.#kept.length
    this.#acknowledgedSince = this.#lostSince = 0
    return counts
  }
}

const sizeOf = (flights: readonly Flight[]): number => flights.reduce((sum, { size }) => sum + size, 0)

// OTLP exporters put the HTTP status into the error's `code`. 408 and 429 are about the moment, not about the request.
function isRefusal(error: Error | undefined): boolean {
  const status = error && 'code' in error ? Number(error.code) : Number.NaN
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}
