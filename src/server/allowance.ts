import { clock } from '../core/clock.ts'
import { Deadline } from '../core/deadline.ts'
import type { Timers } from '../core/types.ts'

/** A deadline that can be brought forward while somebody waits for it. Only one may wait at a time. */
export class Allowance extends Deadline {
  #until = Infinity
  #timer: unknown
  #ring: (() => void) | undefined

  override readonly timers: Timers = {
    setTimeout: (ring, ms) => {
      this.#ring = ring
      return (this.#timer = clock().setTimeout(ring, ms))
    },
    clearTimeout: (timer) => clock().clearTimeout(timer),
  }

  override remainingMs(network?: boolean): number {
    return Math.min(super.remainingMs(network), this.#until - clock().now())
  }

  /** Leaves `ms` milliseconds from now, unless less is left already. Whoever waits is woken, to see what is left. */
  shorten(ms: number): void {
    this.#until = Math.min(this.#until, clock().now() + ms)
    clock().clearTimeout(this.#timer)
    this.#ring?.()
  }
}
