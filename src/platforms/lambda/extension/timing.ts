/**
 * The loop's waits. No timer here keeps the process alive: a handler that leaves nothing to wait for ends its process with
 * or without an extension.
 *
 * @module
 */

const MOST_MS = 2 ** 31 - 1

// A test's fake timers must not keep a flush from beginning.
const { setImmediate: soon } = globalThis

/** Waits, without keeping the process alive. */
export const unrefd = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

/**
 * Waits for `work` until a moment, in milliseconds since the Unix epoch.
 *
 * @returns whether `work` was over by then
 * @throws what `work` rejects with, if that is in time
 */
export function by(work: Promise<unknown>, moment: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), Math.min(Math.max(0, moment - Date.now()), MOST_MS)).unref()
    work.then(() => resolve(true), reject).finally(() => clearTimeout(timer))
  })
}

/** Resolves after two turns of the event loop. */
export const twoTurns = (): Promise<void> => new Promise((resolve) => soon(() => soon(resolve)))

/**
 * Resolves when a response that was returned in this turn has been posted. Both runtime clients post in blocking native
 * code: client 4 one `setImmediate` after the handler, client 3 as soon as its promise has resolved. An outer wrapper may return
 * later than that, and nothing reports it. Then the flush runs beside the wrapper, and the response still waits for nothing.
 */
export const afterResponse = twoTurns
