/** The last report of the wraps under test. */
import type { FlushReport } from 'flushed'

export let report: FlushReport | undefined

/** Options with which it is recorded, and nothing is logged. */
export const watch = { onFlush: (r: FlushReport) => void (report = r), logger: false } as const
