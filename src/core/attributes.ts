/**
 * The span attributes that the lifecycle sets, whatever the platform.
 *
 * @module
 */

/** `true` on a span that its code left open and that the invocation ended. */
export const unfinished = 'flushed.unfinished'
/** Milliseconds that the flush before this invocation took. A span cannot report on its own flush. */
export const previousDuration = 'flushed.previous_flush.duration_ms'
/** The outcome of that flush. */
export const previousOutcome = 'flushed.previous_flush.outcome'
/** The class of the error that a handler ended with (semantic conventions, "Error attributes"). */
export const errorType = 'error.type'
/**
 * How the body of a response ended, if it was not read to its end and no error tells why: `cancelled`, `idle`, `unknown`, or
 * `failed` if the server has cut it. For a streaming handler on Lambda: `aborted` if the stream was closed before its end,
 * `unfinished` if it was still open shortly before the timeout.
 */
export const responseStream = 'flushed.response_stream'
