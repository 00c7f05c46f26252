/**
 * What one invocation has recorded and sent. Made when its first span starts, over when its flush is.
 *
 * @module
 */
import type { SpanOwner } from '../core/types.ts'
import type { Flight } from './flight.ts'
import type { FinishedSpan } from './types.ts'

export class Ledger {
  /** Finished spans that no exporter has been given yet. */
  finished: FinishedSpan[] = []
  /** When the oldest of them finished. */
  since = 0
  /** Everything that was sent for the invocation. */
  flights: Flight[] = []
  /** Whether the invocation's flush has begun: what finishes from now on is late. */
  closed = false

  /** @param owner absent for spans that belong to no invocation */
  constructor(readonly owner?: SpanOwner) {}

  /** Takes the finished spans out. */
  take(): FinishedSpan[] {
    const taken = this.finished
    if (taken.length > 0) this.finished = []
    return taken
  }
}
