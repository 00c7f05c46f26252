import { clock, setIdleTimer } from '../core/clock.ts'
import type { Timers } from '../core/types.ts'

/** Timers that do not keep the process alive. */
export const IDLE: Timers = {
  setTimeout: setIdleTimer,
  clearTimeout: (timer) => clock().clearTimeout(timer),
}
