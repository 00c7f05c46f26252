/**
 * The span attributes that the lifecycle sets, platform or not.
 *
 * @module
 */

/** `true` on a span that its code had left open and that the invocation has ended. */
export const unfinished = 'flushed.unfinished'
/** Milliseconds that the flush before this invocation took. A span cannot report on its own flush. */
export const previousDuration = 'flushed.previous_flush.duration_ms'
/** The outcome of that flush. */
export const previousOutcome = 'flushed.previous_flush.outcome'
/** The class of the error a handler ended with (semantic conventions, "Error attributes"). */
export const errorType = 'error.type'
/**
 * How the body of a response ended, where it was not read to its end, and no error tells why: `cancelled`, `idle`,
 * `unknown`, or `failed` when the server has cut it; of a streaming handler on Lambda `aborted` when it was closed before that,
 * `unfinished` when still open shortly before the timeout.
 */
export const responseStream = 'flushed.response_stream'
