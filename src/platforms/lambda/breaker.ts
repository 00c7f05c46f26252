import type { FlushReport } from '../../core/types.ts'

/** Milliseconds for which every flush must have timed out before flushing pauses. */
const DEAD_AFTER_MS = 10_000
/** Milliseconds from the start of the pause to the first probe, and the most between two probes. */
const PROBE_MS = { first: 5_000, most: 60_000 }

/**
 * A circuit breaker: once a collector has been dead for a while, an invocation no longer spends `timeoutMs` on it.
 * Spans are kept meanwhile, and now and then a flush probes whether the collector is back.
 */
export class Breaker {
  /** When the first flush began of those that have timed out in a row. */
  #since: number | undefined
  #pauseMs = 0
  #until = 0

  constructor(
    readonly warn: (message: string) => void,
    readonly now: () => number,
  ) {}

  /** Whether flushing is paused now. */
  get open(): boolean {
    return this.#until > 0 && this.now() < this.#until
  }

  /** Learns from a flush that is over. */
  learn({ outcome, durationMs, stages }: FlushReport): void {
    if (outcome === 'nothing_to_send') return
    if (!stages.some((stage) => stage.outcome === 'timed_out')) return this.#close()
    const now = this.now()
    this.#since ??= now - durationMs
    if (now - this.#since < DEAD_AFTER_MS) return
    if (this.#pauseMs === 0) {
      const seconds = Math.round((now - this.#since) / 1000)
      this.warn(`flushed: every flush of the last ${seconds} s has timed out; flushing pauses, spans are kept, and probes follow`)
    }
    this.#pauseMs = Math.min(PROBE_MS.most, 2 * this.#pauseMs || PROBE_MS.first)
    this.#until = now + this.#pauseMs
  }

  #close(): void {
    if (this.#pauseMs > 0) this.warn('flushed: the collector answers again; flushing goes on')
    this.#since = undefined
    this.#pauseMs = this.#until = 0
  }
}
