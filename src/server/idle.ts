import { clock } from '../core/clock.ts'
import type { Timers } from '../core/types.ts'

/** Timers that do not keep the process alive. */
export const IDLE: Timers = {
  setTimeout(ring, ms) {
    const timer = clock().setTimeout(ring, ms)
    ;(timer as { unref?(): void } | undefined)?.unref?.()
    return timer
  },
  clearTimeout: (timer) => clock().clearTimeout(timer),
}
