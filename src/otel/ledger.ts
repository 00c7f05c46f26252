/**
 * What has been given to an exporter, and for whom.
 *
 * @module
 */
import { remove } from '../core/isolate.ts'
import type { SpanOwner } from '../core/types.ts'
import type { FinishedSpan } from './types.ts'

/** What one invocation has at one exporter. */
export interface Ledger {
  /** Finished spans that the exporter has not been given yet. */
  finished: FinishedSpan[]
  /**
   * Spans that the exporter has not accepted, to be sent again with the flush: others' flushes are not to answer for them.
   * During a flush, what it sends once the exporter has accepted a batch.
   */
  kept: FinishedSpan[]
  /** When the oldest of them finished; never, where no timer is to send them. */
  since: number
  /** Exports that have not been answered. */
  readonly open: Flight[]
  /** Spans whose acknowledgement no report has told yet. */
  acknowledged: number
  /** Spans that found no room, of which no report has told yet. */
  lost: number
  /** Why an export of the flush was not accepted. */
  error: Error | undefined
  /** Whether the last flush has begun: what finishes from now on is late. */
  closed: boolean
}

/** One export, until it is answered. */
export interface Flight {
  ledger: Ledger
  /** {@link NONE} once they are somebody else's to send: then the answer does not matter any more. */
  spans: readonly FinishedSpan[]
  /** Whether it must not be tried again at once. */
  tried: boolean
  landed: boolean
  /** Whether a flush after its own has waited for it. */
  awaited: boolean
  /** When the exporter was given it, by the clock. */
  at: number
  /** How many exports had been accepted by then. */
  accepted: number
  /** Which of all exports it is, from 1 on. */
  nth: number
  /** Why it was not accepted. */
  error?: Error
  /** Resolves when it has been answered. Made on demand, as few are waited for. */
  answer?: Promise<void>
  wake?: () => void
}

/** The spans of an export that has none any more. */
export const NONE: readonly FinishedSpan[] = []

/** Whether it matters what the exporter answers. */
export const matters = ({ spans }: Flight): boolean => spans !== NONE

export const newLedger = (): Ledger => ({
  finished: [],
  kept: [],
  since: Infinity,
  open: [],
  acknowledged: 0,
  lost: 0,
  error: undefined,
  closed: false,
})

/** @param tried whether it must not be tried again at once */
export function newFlight(ledger: Ledger, spans: readonly FinishedSpan[], tried: boolean): Flight {
  const flight = { ledger, spans, tried, landed: false, awaited: false, at: 0, accepted: 0, nth: 0 }
  ledger.open.push(flight)
  return flight
}

/** Resolves when all of these have been answered, and never rejects. */
export const answersOf = (flights: readonly Flight[]): Promise<unknown> =>
  flights.length === 1 ? answerOf(flights[0] as Flight) : Promise.all(flights.map(answerOf))

const answerOf = (flight: Flight): Promise<void> => (flight.answer ??= new Promise((resolve) => (flight.wake = resolve)))

/**
 * Whether a flush waits for an export that an earlier one has not seen answered, rather than to make it again: once, where
 * there is time for that. A request that was made to a collector which hung then may never be answered.
 */
export function worthWaiting(flight: Flight, patient = false): boolean {
  const first = !flight.awaited
  flight.awaited = true
  return patient && first
}

/**
 * Whether a flush waits for an export that somebody else makes. For one that another flush has been waiting for in vain only those
 * wait whose spans are in it: it would cost everybody else a deadline.
 */
export const concerns = ({ awaited, spans }: Flight, owner?: SpanOwner): boolean =>
  !awaited || spans.some((span) => span.spanContext().traceId === owner?.root.spanContext().traceId)

/** How many spans these carry. */
export const sizeOf = (flights: readonly Flight[]): number => flights.reduce((sum, { spans }) => sum + spans.length, 0)

/** Makes an export another ledger's. */
export function move(flight: Flight, ledger: Ledger): void {
  remove(flight.ledger.open, flight)
  flight.ledger = ledger
  ledger.open.push(flight)
}

/**
 * Puts spans with others. Of more than there is room for the oldest go: the root span is the last to finish, and the one
 * that tells most.
 *
 * @returns how many had to go
 */
export function hold(list: FinishedSpan[], spans: readonly FinishedSpan[], most: number): number {
  for (const span of spans) list.push(span)
  return bound(list, most)
}

/** The same of those that are there. */
export const bound = (list: FinishedSpan[], most: number): number =>
  list.length > most ? list.splice(0, list.length - most).length : 0
