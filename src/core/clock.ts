/**
 * The only place that reads the time or sets a timer, so that tests can replace both.
 *
 * @module
 */
import { isolate } from './isolate.ts'
import type { Clock } from './types.ts'

// The globals are looked up at each call: a test's fake timers, or an instrumentation's, may have replaced them.
const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}

/** The clock in use. */
export const clock = (): Clock => isolate.clock ?? systemClock

/** Sets a timer that does not keep the process alive, where the runtime can do that. */
export function setIdleTimer(callback: () => void, ms: number): unknown {
  const timer = clock().setTimeout(callback, ms)
  ;(timer as { unref?(): void } | undefined)?.unref?.()
  return timer
}

// A program's fake timers must not keep a flush from beginning.
const { setTimeout: later } = globalThis

/** Resolves in `ms` milliseconds. Rejects if no timer can be had. */
export const elapsed = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    if (isolate.clock) isolate.clock.setTimeout(resolve, ms)
    else later(resolve, ms)
  })

/**
 * Resolves in a later turn of the event loop: by then, what the current turn returns is on its way. Resolves at once if no
 * timer can be had: workerd limits the number of timers in a context, and a Durable Object is one context.
 */
export const nextTurn = (): Promise<void> => elapsed(0).catch(() => {})

/**
 * Replaces the clock of this isolate, for tests. `undefined` restores the system's clock.
 *
 * @example
 * const time = fakeClock()
 * useClock(time)
 */
export function useClock(replacement: Clock | undefined): void {
  isolate.clock = replacement
}
