import type { Lifetime } from '../../core/platform.ts'
import { twoTurns } from './extension/timing.ts'

/** The fewest milliseconds without a flush after which the sandbox may have been frozen for long enough to matter. */
const IDLE_MS = 100

let lastFlush = Date.now()

/**
 * The lifetime of an invocation that may be the first after a thaw; `undefined` for one that follows at once.
 *
 * Connections that were closed while the sandbox was frozen are still in their agent's pool when it thaws. A handler that waits
 * for nothing reaches its flush before Node has noticed that they are closed. OpenTelemetry's exporter fails on one of them, and
 * then waits a second before it tries another. One turn of the event loop lets Node notice; closing them takes another turn.
 */
export function thawed(now = Date.now()): Lifetime | undefined {
  const idle = now - lastFlush
  lastFlush = now
  return idle < IDLE_MS ? undefined : AFTER_TURNS
}

const AFTER_TURNS: Lifetime = {
  phase: 'before-response',
  hold: (finish) => twoTurns().then(finish),
}
