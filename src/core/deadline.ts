/**
 * One budget for a whole flush. Nothing else in the package decides how long anything may take.
 *
 * @module
 */
import pTimeout from 'p-timeout'
import { clearAlarm, setAlarm } from './alarm.ts'
import { clock } from './clock.ts'

/**
 * The part of the budget that only the network stage may use. Half of it: with the default of 2,000 ms, background
 * work and slow buffers can hold up the exporters for at most one second, and the exporters have at least the other.
 */
export const NETWORK_SHARE = 0.5

/** The moment by which a flush must be over. */
export class Deadline {
  readonly startedAt = clock().now()
  /** What `elapsedMs` has said last: near enough where nothing was waited for since. */
  lastMs = 0

  /**
   * @param budgetMs milliseconds from now; 0 or less means that nothing may be waited for
   * @param timers whether a timer may serve several invocations: on workerd none may cross from one request to another
   */
  constructor(
    readonly budgetMs: number,
    readonly timers: boolean,
  ) {}

  elapsedMs(): number {
    return (this.lastMs = clock().now() - this.startedAt)
  }

  /** Milliseconds left: all of them for the network, what is not reserved for it for anything else. */
  remainingMs(network: boolean): number {
    const budget = network ? this.budgetMs : this.budgetMs * (1 - NETWORK_SHARE)
    return budget - this.elapsedMs()
  }
}

/** Work under way. */
export interface Pending {
  /** How much of it there is; 0 when it is over. */
  readonly waiting: number
  /** Resolves when it is over, and never rejects. */
  readonly work: PromiseLike<unknown>
  /** Called once when it takes longer than a request in the neighbourhood does. Must not throw. */
  urge?(): void
}

/**
 * Most work that only looks asynchronous is over within a few turns of the promise queue. Waiting for those costs a
 * twentieth of a timer, and gives work that is over already its due when the budget is used up.
 */
const FREE_TURNS = 6
/** How many to wait for: fewer where they did not do the last time, since a request is written only after them. */
let turns = FREE_TURNS
/** Milliseconds after which work is urged. */
const URGE_MS = 100

/**
 * Waits for work, but not longer than the deadline allows.
 *
 * @param network whether the work may use the network's share of the deadline
 * @returns whether the work was over in time; never rejects
 */
export async function settledWithin(pending: Pending, deadline: Deadline, network: boolean): Promise<boolean> {
  for (let turn = 0; turn < turns && pending.waiting > 0; turn++) await undefined
  turns = pending.waiting > 0 ? 1 : FREE_TURNS
  if (pending.waiting === 0) return true
  const remainingMs = deadline.remainingMs(network)
  if (!(remainingMs > 0)) {
    for (let turn = 1; turn < FREE_TURNS && pending.waiting > 0; turn++) await undefined
    return pending.waiting === 0
  }
  const timers = deadline.timers ? alarms : ownTimers
  if (pending.urge) {
    await soon(pending, Math.min(URGE_MS, remainingMs / 2), timers)
    if (pending.waiting > 0) pending.urge()
  }
  const milliseconds = pending.waiting > 0 ? deadline.remainingMs(network) : 0
  // p-timeout takes nothing less.
  if (milliseconds > 0) await pTimeout(Promise.resolve(pending.work), { milliseconds, fallback: () => {}, customTimers: timers })
  return pending.waiting === 0
}

// What nearly every flush comes to: not yet a race with the deadline, and with fewer promises than that takes.
const soon = ({ work }: Pending, ms: number, timers: Timers): Promise<void> =>
  new Promise((resolve) => {
    const timer = timers.setTimeout(resolve, ms)
    void work.then(() => {
      timers.clearTimeout(timer)
      resolve()
    })
  })

type Timers = { setTimeout: typeof setTimeout; clearTimeout: typeof clearTimeout }

const alarms = { setTimeout: setAlarm, clearTimeout: clearAlarm } as unknown as Timers
const ownTimers = {
  setTimeout: (callback: () => void, ms: number) => clock().setTimeout(callback, ms),
  clearTimeout: (timer: unknown) => clock().clearTimeout(timer),
} as unknown as Timers
