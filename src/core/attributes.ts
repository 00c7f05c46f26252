/**
 * The span attributes that the lifecycle sets, platform or not.
 *
 * @module
 */
export const ATTRIBUTE = {
  /** `true` on a span that its code had left open and that the invocation has ended. */
  unfinished: 'flushed.unfinished',
  /** Milliseconds that the flush before this invocation took. A span cannot report on its own flush. */
  previousDuration: 'flushed.previous_flush.duration_ms',
  /** The outcome of that flush. */
  previousOutcome: 'flushed.previous_flush.outcome',
  /** The class of the error a handler ended with (semantic conventions, "Error attributes"). */
  errorType: 'error.type',
} as const
