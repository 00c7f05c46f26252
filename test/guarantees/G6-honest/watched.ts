/** What `flushed` says during a test: the reports of its flushes, and the lines of its log. */
import type { FlushReport } from 'flushed'
import { vi } from 'vitest'
import { newIsolate } from '../../support/sdk.ts'

export const reports: FlushReport[] = []
export const warn = vi.fn<(message: string) => void>()

/** Options with which all of it is recorded. */
export const watch = { onFlush: (report: FlushReport) => void reports.push(report), logger: { warn } }

/** Starts a test in a new isolate, with nothing said so far. */
export function begin(): void {
  newIsolate()
  reports.length = 0
  warn.mockClear()
}
