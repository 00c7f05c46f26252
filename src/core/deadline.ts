/**
 * One budget for a whole flush. Nothing else in the package decides how long anything may take.
 *
 * @module
 */
import { clock } from './clock.ts'
import type { FlushContext, SpanOwner, Timers } from './types.ts'

/**
 * The part of the budget that only the network stage may use. Half of it: with the default of 2,000 ms, background
 * work and slow buffers can hold up the exporters for at most one second, and the exporters have at least the other.
 */
const NETWORK_SHARE = 0.5

/** The moment by which a flush must be over, and what its flushables are told of it. */
export class Deadline implements FlushContext {
  readonly #startedAt = clock().now()
  readonly #budgetMs: number
  /** What `elapsedMs` has said last: near enough where nothing was waited for since. */
  lastMs = 0
  /** Set by the flush that has to keep it. */
  invocation!: SpanOwner
  #abort: AbortController | undefined

  /**
   * @param budgetMs milliseconds from now; 0 or less means that nothing may be waited for
   * @param timers the platform's, if it has any of its own
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

  /** Milliseconds left: all of them for the network, what is not reserved for it for anything else. */
  remainingMs(network?: boolean): number {
    return this.#budgetMs * (network ? 1 : 1 - NETWORK_SHARE) - this.elapsedMs()
  }

  /**
   * Not a stage's share of them: that only says how long the next stage waits for this one, and a flushable that gave up
   * by then would lose what it still had time for.
   */
  get timeoutMs(): number {
    return Math.min(Math.max(0, Math.floor(this.remainingMs(true))), ENDLESS_MS - 1000)
  }

  get signal(): AbortSignal {
    // Made on demand: few flushables look at it, and an AbortController costs more than many a flush.
    return (this.#abort ??= new AbortController()).signal
  }

  /** The time is up, and something has not finished. */
  expire(reason: unknown): void {
    ;(this.#abort ??= new AbortController()).abort(reason)
  }
}

/** Work under way. */
export interface Pending {
  /** How much of it there is; 0 when it is over. */
  readonly waiting: number
  /** Resolves when it is over, and never rejects. */
  readonly work: PromiseLike<unknown> | undefined
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
/** The most milliseconds that timers can count to: more are none to them. */
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
    // Not before: a look at the clock costs more than a turn.
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

/** Waits for a promise, but no longer than so many milliseconds. Never rejects. */
export function overWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const over = () => void (pending.waiting = 0)
  const pending = { waiting: 1, work: promise.then(over, over) }
  return settledWithin(pending, new Deadline(ms), true)
}

const rungOrOver = (ms: number, { work }: Pending, { timers }: Deadline): Promise<void> =>
  new Promise((resolve) => {
    let timer: unknown
    try {
      // Whoever has as many needs none.
      if (ms < ENDLESS_MS) timer = timers.setTimeout(resolve, Math.max(0, ms))
    } catch {
      // None is to be had (see `nextTurn`): the platform's own deadline is the only one then.
    }
    void work?.then(() => {
      timers.clearTimeout(timer)
      resolve()
    })
  })
