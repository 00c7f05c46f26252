/**
 * The functions that are compared, and the conditions they have in common.
 *
 * @module
 */

/** A file of `../orders`. */
export type FunctionId = 'bare' | 'naive' | 'force-flush' | 'flushed'
/** Those with telemetry. */
export type PeerId = Exclude<FunctionId, 'bare'>

export const peers: readonly PeerId[] = ['naive', 'force-flush', 'flushed']
export const functions: readonly FunctionId[] = ['bare', ...peers]

/** What they are called in print. */
export const titles: Readonly<Record<FunctionId, string>> = {
  bare: 'no telemetry',
  naive: 'naive',
  'force-flush': 'try/finally forceFlush',
  flushed: 'flushed',
}

/** How long the collector takes to answer, in milliseconds. */
export const answerMs = 200
/** Spans that `BatchSpanProcessor` sends without being asked: OpenTelemetry's default. */
export const batchSize = 512
