/**
 * One budget for a whole flush. Nothing else in the package decides how long anything may take.
 *
 * @module
 */
import { clock } from './clock.ts'
import type { FlushContext, SpanOwner, Timers } from './types.ts'

/**
 * The part of the budget that only the network stage may use: half. With the default of 2,000 ms, background work and slow
 * buffers can hold up the exporters for at most one second, and the exporters have at least the other second.
 */
const NETWORK_SHARE = 0.5

/** The moment by which a flush must be over, and the context that its flushables get. */
export class Deadline implements FlushContext {
  readonly #startedAt = clock().now()
  readonly #budgetMs: number
  /** The last result of `elapsedMs`: near enough if nothing has been waited for since. */
  lastMs = 0
  /** Set by the flush that has to keep this deadline. */
  invocation!: SpanOwner
  #abort: AbortController | undefined

  /**
   * @param budgetMs milliseconds from now; 0 or less means that nothing may be waited for
   * @param timers the platform's timers, if it has any of its own
   */
  constructor(
    budgetMs: number,
    readonly timers: Timers = clock(),
  ) {
    this.#budgetMs = budgetMs
  }

  elapsedMs(): number {
    return (this.lastMs = clock().now() - this.#startedAt)
  }

  /** Milliseconds left: for the network, all of them; for anything else, those that are not reserved for the network. */
  remainingMs(network?: boolean): number {
    return this.#budgetMs * (network ? 1 : 1 - NETWORK_SHARE) - this.elapsedMs()
  }

  /**
   * Milliseconds left of the whole deadline, not of a stage's share: the share only says how long the next stage waits for this
   * one, and a flushable that gave up by then would lose what it still had time for.
   */
  get timeoutMs(): number {
    return Math.min(Math.max(0, Math.floor(this.remainingMs(true))), ENDLESS_MS - 1000)
  }

  get signal(): AbortSignal {
    // Made on demand: few flushables look at the signal, and an AbortController costs more than many a flush.
    return (this.#abort ??= new AbortController()).signal
  }

  /** Aborts the signal: the time is up, and something has not finished. */
  expire(reason: unknown): void {
    ;(this.#abort ??= new AbortController()).abort(reason)
  }
}

/** Work under way. */
export interface Pending {
  /** How much work there is; 0 when it is over. */
  readonly waiting: number
  /** Resolves when the work is over. Never rejects. */
  readonly work: PromiseLike<unknown> | undefined
  /** Called once in a wait that takes longer than a request to a nearby backend does. Must not throw. */
  urge?(): void
}

/**
 * The most turns of the promise queue to wait for before a timer is set. Most work that only looks asynchronous is over within
 * a few turns. To wait for those costs a twentieth of a timer, and when the budget is used up, it still lets work that is
 * over already count as over.
 */
const FREE_TURNS = 6
/** How many turns to wait for: fewer if they were not enough the last time, since a request is written only after them. */
let turns = FREE_TURNS
/** Milliseconds after which work is urged. */
const URGE_MS = 100
/** The most milliseconds that a timer can count. A timer treats more as none at all. */
export const ENDLESS_MS = 2 ** 31 - 1

/**
 * Waits for work, but not longer than the deadline allows.
 *
 * @param network whether the work may use the network's share of the deadline
 * @returns whether the work was over in time; never rejects
 */
export async function settledWithin(pending: Pending, deadline: Deadline, network?: boolean): Promise<boolean> {
  let leftMs = 0
  for (let turn = 0; turn < FREE_TURNS && pending.waiting; turn++) {
    // Do not look at the clock before this: that costs more than a turn.
    if (turn === turns && (leftMs = deadline.remainingMs(network)) > 0) break
    await undefined
  }
  turns = pending.waiting ? 1 : FREE_TURNS
  if (pending.waiting && (leftMs ||= deadline.remainingMs(network)) > 0) {
    await rungOrOver(Math.min(URGE_MS, leftMs / 2), pending, deadline)
    if (pending.waiting) {
      pending.urge?.()
      await rungOrOver(deadline.remainingMs(network), pending, deadline)
    }
  }
  return !pending.waiting
}

/** Waits for a promise, but no longer than `ms` milliseconds. Never rejects. */
export function overWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const over = () => void (pending.waiting = 0)
  const pending = { waiting: 1, work: promise.then(over, over) }
  return settledWithin(pending, new Deadline(ms), true)
}

const rungOrOver = (ms: number, { work }: Pending, { timers }: Deadline): Promise<void> =>
  new Promise((resolve) => {
    let timer: unknown
    try {
      // A wait that long needs no timer.
      if (ms < ENDLESS_MS) timer = timers.setTimeout(resolve, Math.max(0, ms))
    } catch {
      // No timer can be had (see `nextTurn`): then the platform's own deadline is the only one.
    }
    void work?.then(() => {
      timers.clearTimeout(timer)
      resolve()
    })
  })
