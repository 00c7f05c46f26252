/**
 * @module
 */

/**
 * Milliseconds since the Unix epoch with fractions, never running backwards. Collector and sandbox stamp everything with
 * it, so that their records can be put in one order.
 */
export const wallNow = (): number => performance.timeOrigin + performance.now()
