/**
 * One budget for a whole flush. Nothing else in the package decides how long anything may take.
 *
 * @module
 */
import pTimeout from 'p-timeout'
import { clock } from './clock.ts'

/**
 * The part of the budget that only the network stage may use. Half of it: with the default of 2,000 ms, background
 * work and slow buffers can hold up the exporters for at most one second, and the exporters have at least the other.
 */
export const NETWORK_SHARE = 0.5

/** The moment by which a flush must be over. */
export class Deadline {
  readonly startedAt = clock().now()

  /** @param budgetMs milliseconds from now; 0 or less means that nothing may be waited for */
  constructor(readonly budgetMs: number) {}

  elapsedMs(): number {
    return clock().now() - this.startedAt
  }

  /** Milliseconds left: all of them for the network, what is not reserved for it for anything else. */
  remainingMs(network: boolean): number {
    const budget = network ? this.budgetMs : this.budgetMs * (1 - NETWORK_SHARE)
    return budget - this.elapsedMs()
  }
}

/**
 * Waits for work, but not longer than `remainingMs()`.
 *
 * @returns `true` when the work was over in time, whether it succeeded or not; never rejects
 */
export async function settledWithin(work: PromiseLike<unknown>, remainingMs: () => number): Promise<boolean> {
  let over = false
  const settle = () => (over = true)
  const settled = work.then(settle, settle)
  // Most work that only looks asynchronous is over within a few turns. Waiting for those costs a twentieth of a timer,
  // and gives work that is over already its due when the budget is used up.
  for (let turn = 0; turn < FREE_TURNS && !over; turn++) await undefined
  if (over) return true
  const ms = remainingMs()
  if (!(ms > 0)) return false
  return pTimeout(Promise.resolve(settled), { milliseconds: ms, fallback: () => over, customTimers: timers })
}

const FREE_TURNS = 6

const timers = {
  setTimeout: (callback: () => void, ms: number) => clock().setTimeout(callback, ms),
  clearTimeout: (timer: unknown) => clock().clearTimeout(timer),
} as unknown as { setTimeout: typeof setTimeout; clearTimeout: typeof clearTimeout }
