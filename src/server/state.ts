/**
 * What all servers of a process share, because a signal is sent to the process. It is kept on `globalThis`, because there may be
 * several copies of this package (ESM and CommonJS). The number in the symbol is the version of this interface.
 *
 * @module
 */
import type { FlushReport } from '../core/types.ts'

/** Telemetry that has to be sent before the process ends. */
export interface Participant {
  /**
   * Waits for open invocations, ends those that are still open, and flushes. Never rejects.
   *
   * @param cause becomes the error of whatever has to be ended
   * @param drainMs milliseconds that this may take. Default: the number that its options give
   * @param elapsedMs milliseconds of these that are over
   */
  drain(cause: Error, drainMs: number | undefined, elapsedMs: number): Promise<FlushReport>
  /** Whether requests have come that it should be drained for once more. The parameters are those of `drain`. */
  due?(drainMs: number | undefined, elapsedMs: number): boolean
  /** Whether this is the telemetry of a given wrap. */
  serves?(wrap: unknown): boolean
  /** Nothing keeps the process alive any more: flushes what has not been sent. */
  emptied(): void
}

/** The shared state. */
export interface Shared {
  readonly participants: Set<Participant>
  /** How many drains are under way. Meanwhile, whatever is over is flushed at once, because the process may end at any moment. */
  draining: number
  /** Whether a copy of this package listens to the process's signals. */
  watched: boolean
}

const KEY = Symbol.for('flushed.server.1')

const holder = globalThis as { [KEY]?: Shared }

/** The state of this process. */
export const shared: Shared = (holder[KEY] ??= { participants: new Set(), draining: 0, watched: false })
