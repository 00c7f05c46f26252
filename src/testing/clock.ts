/**
 * A clock that only moves when told to.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../core/types.ts'

/** A {@link Clock} under the test's control. */
export interface FakeClock extends Clock {
  /** How many timers are armed. */
  readonly pending: number
  /**
   * Moves time forward by `ms` milliseconds, running what falls due in order, timers armed on the way included. Promise
   * callbacks run to their end before each timer and after the last.
   *
   * @throws a `RangeError` for a negative or non-finite `ms`; whatever a timer's callback throws.
   */
  advance(ms: number): Promise<void>
  /** Runs what is due now, and promise callbacks, without moving time. */
  tick(): Promise<void>
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/**
 * Makes a clock that stands still until {@link FakeClock.advance} moves it. It patches no globals:
 * `useClock` makes `flushed` use it.
 *
 * @param start what `now()` returns at first, in milliseconds. Default 0.
 * @example
 * const clock = fakeClock()
 * useClock(clock) // `flushed` tells the time by it from now on, and sets its timers on it
 * let rang = false
 * clock.setTimeout(() => { rang = true }, 2000)
 * await clock.advance(2000)
 */
export function fakeClock(start = 0): FakeClock {
  // A Set keeps insertion order, which is the order of timers that fall due together.
  const timers = new Set<Timer>()
  let now = start
  const nextDue = (until: number): Timer | undefined => {
    let due: Timer | undefined
    for (const timer of timers) if (timer.at <= until && (due === undefined || timer.at < due.at)) due = timer
    return due
  }
  const advance = async (ms: number): Promise<void> => {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`Time moves forward by a number of milliseconds, not by ${ms}`)
    const until = now + ms
    // A whole turn of the event loop, because promise chains are of any length.
    await nextTurn()
    for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
      timers.delete(timer)
      now = Math.max(now, timer.at)
      timer.callback()
      await nextTurn()
    }
    now = until
  }
  return {
    now: () => now,
    setTimeout: (callback, ms) => {
      const timer: Timer = { at: now + Math.max(0, ms), callback }
      timers.add(timer)
      return timer
    },
    clearTimeout: (timer) => {
      timers.delete(timer as Timer)
    },
    get pending() {
      return timers.size
    },
    advance,
    tick: () => advance(0),
  }
}
