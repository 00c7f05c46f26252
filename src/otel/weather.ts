/**
 * What an exporter's failures mean, and what an export has to wait for.
 *
 * @module
 */
import type { FinishedSpan } from './types.ts'

const LOST = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

/**
 * Whether the connection was gone: one that was lost while the sandbox was frozen fails when it is next used, and only
 * then. The next export makes a new one. Where nothing listens, or nobody answers, another attempt would only cost time.
 */
export function lostConnection(error: Error | undefined): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } }
  return LOST.includes(String(code)) || LOST.includes(String(cause?.code))
}

/**
 * Whether the backend will not have these spans. OTLP exporters put the HTTP status into the error's `code`. 408 and 429
 * are about the moment, not about the request.
 */
export function isRefusal(error: Error & { code?: unknown }): boolean {
  const status = Number(error.code)
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

/** Whether resource detectors are still at work, as they may be during the first invocation. */
export const isPending = ({ resource }: FinishedSpan): unknown => resource?.asyncAttributesPending

/** Resolves when they have found what they can. Never rejects. */
export const detected = (spans: readonly FinishedSpan[]): Promise<unknown> =>
  Promise.allSettled(spans.map(({ resource }) => resource?.waitForAsyncAttributes?.()))
