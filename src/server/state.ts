/**
 * What all servers of a process share, for a signal is the process's. It hangs on `globalThis`, since there may be several
 * copies of this package (ESM and CommonJS). The number in the symbol is the version of this interface.
 *
 * @module
 */
import type { FlushReport } from '../core/types.ts'

/** Telemetry that has to be sent before the process ends. */
export interface Participant {
  /**
   * Waits for what is open, ends what is open then, and flushes. Never rejects.
   *
   * @param cause becomes the error of what has to be ended
   * @param drainMs milliseconds that this may take. Default: as many as its options say
   */
  drain(cause: Error, drainMs: number | undefined): Promise<FlushReport>
  /** Whether it is that of a wrap. */
  serves?(wrap: unknown): boolean
  /** Nothing keeps the process alive any more: flushes what has not been sent. */
  emptied(): void
}

/** All of it. */
export interface Shared {
  readonly participants: Set<Participant>
  /** How many drains are under way. Meanwhile whatever is over is flushed at once, since the process may end any moment. */
  draining: number
  /** Whether somebody listens to the process's signals. */
  watched: boolean
}

const KEY = Symbol.for('flushed.server.1')

const holder = globalThis as { [KEY]?: Shared }

/** The state of this process. */
export const shared: Shared = (holder[KEY] ??= { participants: new Set(), draining: 0, watched: false })
