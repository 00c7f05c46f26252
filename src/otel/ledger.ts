/**
 * What has been given to an exporter, for whom, and what it has answered.
 *
 * @module
 */
import { exportFailed } from '../core/errors.ts'
import type { SpanOwner } from '../core/types.ts'
import type { ExportResult, Exporter, FinishedSpan } from './types.ts'

/** What one invocation has at one exporter. */
export interface Ledger {
  /** Absent for spans that belong to no invocation. */
  readonly owner: SpanOwner | undefined
  /** Finished spans that the exporter has not been given yet. */
  finished: FinishedSpan[]
  /** When the oldest of them finished, on a clock that may interrupt. */
  since: number
  /** Exports that have not been answered. */
  readonly open: Flight[]
  /** Spans whose acknowledgement no report has told yet. */
  acknowledged: number
  /** Spans refused since the flush began, and why. */
  refused: number
  error: Error | undefined
  /** Whether the last flush has begun: what finishes from now on is late. */
  closed: boolean
}

/** One export, until it is answered. */
export interface Flight {
  ledger: Ledger
  /** None any more once another export has taken them over: then the answer does not matter. */
  spans: readonly FinishedSpan[]
  /** Whether it is on its second connection. */
  again: boolean
  done: boolean
  answer: Promise<void> | undefined
  answered: (() => void) | undefined
}

export const newLedger = (owner?: SpanOwner): Ledger => ({
  owner,
  finished: [],
  since: Infinity,
  open: [],
  acknowledged: 0,
  refused: 0,
  error: undefined,
  closed: false,
})

/** What an invocation has at the exporter that `key` stands for. Made when it is first asked for. */
export function ledgerOf(owner: SpanOwner, key: object): Ledger {
  const { notes } = owner
  let at = notes.indexOf(key)
  if (at < 0) at = notes.push(key, newLedger(owner)) - 2
  return notes[at + 1] as Ledger
}

export function newFlight(ledger: Ledger, spans: readonly FinishedSpan[]): Flight {
  const flight = { ledger, spans, again: false, done: false, answer: undefined, answered: undefined }
  ledger.open.push(flight)
  return flight
}

/** Resolves when all of these have been answered. Never rejects. */
export const answers = (flights: readonly Flight[]): Promise<unknown> =>
  Promise.all(flights.map((flight) => (flight.answer ??= new Promise((resolve) => (flight.answered = resolve)))))

/** Ends a flight. @param teller whose report is to tell what became of the spans */
export function land(flight: Flight, error: Error | undefined, teller: Ledger): void {
  const { length } = flight.spans
  flight.done = true
  remove(flight.ledger.open, flight)
  if (error) {
    teller.refused += length
    teller.error = error
  } else teller.acknowledged += length
  flight.answered?.()
}

/** Why an export has failed; `undefined` if it has not. */
export const failureOf = ({ code, error }: ExportResult): Error | undefined =>
  code === 0 ? undefined : (error ?? new Error('the exporter gave no reason'))

export const sizeOf = (flights: readonly Flight[]): number => flights.reduce((sum, { spans }) => sum + spans.length, 0)

export const notAccepted = ({ refused, error }: Ledger): Error =>
  exportFailed(`${refused ? `${refused} spans ` : ''}not accepted: ${error?.message}`, error)

/** Whether it was there. */
export function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}

export const nameOf = (exporter: Exporter): string => exporter.constructor?.name || 'exporter'
