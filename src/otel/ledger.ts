/**
 * Keeps account of what has been given to an exporter, and for which invocation.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { remove } from '../core/isolate.ts'
import type { SpanOwner } from '../core/types.ts'
import type { FinishedSpan } from './types.ts'

/** The account of one invocation at one exporter. */
export interface Ledger {
  /** Finished spans that the exporter has not been given yet. */
  finished: FinishedSpan[]
  /**
   * Spans that the exporter has not accepted, to be sent again with the invocation's flush: other flushes must not answer for
   * them. During a flush, the spans that it sends once the exporter has accepted a batch.
   */
  kept: FinishedSpan[]
  /** When the oldest of the finished spans finished. `Infinity` if no timer is to send them. */
  since: number
  /** When the last flush began, by the clock. */
  at?: number
  /** Exports that have not been answered. */
  readonly open: Flight[]
  /** The number of acknowledged spans that no report has told of yet. */
  acknowledged: number
  /** The number of spans that found no room, or were refused for good, and that no report has told of yet. */
  lost: number
  /** Why an export of the flush was not accepted. */
  error: Error | undefined
  /**
   * Whether a span that finishes from now on goes with the next flush. If the invocation itself has been left to that flush, this
   * is the flush's number: until it begins, nothing is late.
   */
  closed: boolean | number
}

/** One export, until it is answered. */
export interface Flight {
  ledger: Ledger
  /** {@link NONE} once another export has to send them. From then on, the answer does not matter. */
  spans: readonly FinishedSpan[]
  /** Whether the export must not be tried again at once. */
  tried: boolean
  landed: boolean
  /** Whether a flush after its own has waited for it. */
  awaited: boolean
  /** When the exporter got the export, by the clock. `Infinity` until then. */
  at: number
  /** The number of exports accepted by then. */
  accepted: number
  /** The export's number among all exports, from 1 on. */
  nth: number
  /** Why the export was not accepted. */
  error?: Error
  /** Resolves when the export has been answered. Made on demand, as few exports are waited for. */
  answer?: Promise<void>
  wake?: () => void
}

/** The spans of an export whose spans have been taken away. */
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

/** Begins a flush of a ledger. @param goesOn whether what finishes from now on still belongs to the invocation */
export function close(ledger: Ledger, goesOn: boolean): void {
  ledger.closed = !goesOn
  ledger.at = clock().now()
}

/** The account of an invocation at the exporter that has `nobodys` for what belongs to none. Made when it is first asked for. */
export function noted(owner: SpanOwner, nobodys: Ledger): Ledger {
  const at = owner.notes.indexOf(nobodys)
  if (at >= 0) return owner.notes[at + 1] as Ledger
  const ledger = newLedger()
  // Not `push`, which allocates room for another sixteen.
  owner.notes = [...owner.notes, nobodys, ledger]
  return ledger
}

/** @param tried whether the export must not be tried again at once */
export function newFlight(ledger: Ledger, spans: readonly FinishedSpan[], tried: boolean): Flight {
  const flight = { ledger, spans, tried, landed: false, awaited: false, at: Infinity, accepted: 0, nth: 0 }
  ledger.open.push(flight)
  return flight
}

/** Resolves when all of these have been answered, and never rejects. */
export const answersOf = (flights: readonly Flight[]): Promise<unknown> =>
  flights.length === 1 ? answerOf(flights[0] as Flight) : Promise.all(flights.map(answerOf))

const answerOf = (flight: Flight): Promise<void> => (flight.answer ??= new Promise((resolve) => (flight.wake = resolve)))

/**
 * Whether a flush waits for an export that an earlier flush has not seen answered, rather than make the export again. It waits
 * once, and only where there is time for that (`patient`). A request that was made to a collector while that hung may never be
 * answered.
 */
export function worthWaiting(flight: Flight, patient?: boolean): boolean | undefined {
  const first = !flight.awaited
  flight.awaited = true
  return patient && first
}

/**
 * Whether a flush waits for an export that the application makes. If another flush has waited for the export in vain, a flush
 * waits only if its own spans are in the export: the export would cost every other flush a deadline.
 */
export const concerns = ({ awaited, spans }: Flight, owner?: SpanOwner): boolean =>
  !awaited || spans.some((span) => span.spanContext().traceId === owner?.root.spanContext().traceId)

/** How many spans these carry. */
export const sizeOf = (flights: readonly Flight[]): number => flights.reduce((sum, { spans }) => sum + spans.length, 0)

/** Moves an export to another ledger. */
export function move(flight: Flight, ledger: Ledger): void {
  remove(flight.ledger.open, flight)
  flight.ledger = ledger
  ledger.open.push(flight)
}

/**
 * Appends spans to a list. If there are more than there is room for, the oldest go: the root span is the last to finish, and
 * tells most.
 *
 * @returns how many had to go
 */
export function hold(list: FinishedSpan[], spans: readonly FinishedSpan[], most: number): number {
  for (const span of spans) list.push(span)
  return bound(list, most)
}

/** Drops the oldest spans of a list if there are more than there is room for. @returns how many had to go */
export const bound = (list: FinishedSpan[], most: number): number =>
  list.length > most ? list.splice(0, list.length - most).length : 0
