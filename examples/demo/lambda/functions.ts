/**
 * The functions that are compared, and the conditions that they share.
 *
 * @module
 */

/** A file of `examples/lambda/orders`. */
export type FunctionId = 'bare' | 'naive' | 'force-flush' | 'flushed' | 'after-response'
/** The functions with telemetry. */
export type PeerId = Exclude<FunctionId, 'bare'>

export const peers: readonly PeerId[] = ['naive', 'force-flush', 'flushed', 'after-response']
/** The functions that have to keep a promise. */
export const ours = ['flushed', 'after-response'] as const satisfies readonly PeerId[]
export const functions: readonly FunctionId[] = ['bare', ...peers]

/** Their printed names. */
export const titles: Readonly<Record<FunctionId, string>> = {
  bare: 'no telemetry',
  naive: 'naive',
  'force-flush': 'try/finally forceFlush',
  flushed: 'flushed',
  'after-response': 'flushed, after response',
}

/** How long the collector takes to answer, in milliseconds. */
export const answerMs = 200
/** Spans that `BatchSpanProcessor` sends without being asked: OpenTelemetry's default. */
export const batchSize = 512
