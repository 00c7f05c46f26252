/**
 * The variants that are compared on platforms that answer requests, and the conditions that they share.
 *
 * @module
 */

/** A file of `examples/workers/orders` or `examples/edge/orders`. */
export type VariantId = 'bare' | 'naive' | 'wait-until' | 'flushed'
/** The variants with telemetry. */
export type PeerId = Exclude<VariantId, 'bare'>

export const peers: readonly PeerId[] = ['naive', 'wait-until', 'flushed']
export const variants: readonly VariantId[] = ['bare', ...peers]

/** Their printed names. */
export const titles: Readonly<Record<VariantId, string>> = {
  bare: 'no telemetry',
  naive: 'naive',
  'wait-until': 'waitUntil(forceFlush())',
  flushed: 'flushed',
}

/** How long the collector takes to answer, in milliseconds. */
export const answerMs = 200
/** `timeoutMs` of the example. */
export const flushMs = 1000
/** After this many milliseconds the batch processor's timer has fired, if it ever does: its default is 5 s. */
export const timerMs = 5500
/** After this many milliseconds OpenTelemetry's exporter has given up: its default is 10 s. */
export const exporterMs = 10_500
