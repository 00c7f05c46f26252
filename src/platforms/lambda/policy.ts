import { clock } from '../../core/clock.ts'
import { invalidOption } from '../../core/errors.ts'
import { inheritAccount, leaveAccount, takeAccount } from '../../core/account.ts'
import { flushLeftovers } from '../../core/early.ts'
import { leave, leaveAfterWork } from '../../core/finish.ts'
import type { InvocationState } from '../../core/invocation.ts'
import { once } from '../../core/isolate.ts'
import type { Wrap } from '../../core/lifecycle.ts'
import type { Lifetime } from '../../core/platform.ts'
import type { FlushReport, Phase } from '../../core/types.ts'
import { Breaker } from './breaker.ts'
import { registered } from '../../server/extension.ts'

/** How often to flush. */
export type Policy = 'every' | 'adaptive' | { everyMs: number } | { everyInvocations: number }

/** Traffic is steady when this many invocations in a row have each followed the one before within `gapMs` milliseconds. */
const STEADY = { invocations: 5, gapMs: 1000 }

/** Decides for each invocation whether to flush at its end, or to leave its telemetry to a later flush. */
export class Schedule {
  readonly #breaker: Breaker | undefined
  /** How many invocations have left their telemetry to a later flush. */
  #left = 0
  #inARow = 0
  #endedAt = -Infinity
  #flushedAt = -Infinity
  /** Begins a flush of what was left, in the next turn. */
  #soon: NodeJS.Immediate | undefined
  /** The flush of what was left that is under way beside the handler. */
  #overlapped: Promise<FlushReport> | undefined

  /** @param wrap the wrap that this schedule belongs to; read when there is something to flush */
  constructor(
    readonly policy: Policy,
    breaker: boolean,
    readonly wrap: () => Wrap,
  ) {
    if (breaker) this.#breaker = new Breaker((message) => this.wrap().config.warn(message), () => clock().now())
  }

  /** An invocation begins. @param remainingMs how long a flush beside the handler may take: the invocation waits for it */
  begun(remainingMs: () => number): void {
    if (this.policy === 'every') return
    this.#inARow = clock().now() - this.#endedAt < STEADY.gapMs ? this.#inARow + 1 : 0
    // Not before the handler, which would have to wait until the spans are encoded.
    if (this.policy === 'adaptive' && this.#left > 0) this.#soon = setImmediate(() => this.#overlap(remainingMs()))
  }

  /** The lifetime of an invocation that has settled: the platform's own, or one that leaves the telemetry to a later flush. */
  lifetime(inner: Lifetime): Lifetime {
    if (this.policy !== 'every') this.#endedAt = clock().now()
    // The handler was too fast for a flush beside it: the response would be sent, and the sandbox frozen, as the flush begins.
    if (inner.phase === 'before-response') clearImmediate(this.#soon)
    if (this.#due()) return this.#left > 0 || this.#overlapped ? this.#telling(inner) : inner
    return {
      phase: inner.phase,
      reason: inner.reason,
      hold: (_finish, invocation) => {
        this.#left++
        if (invocation.background) return inner.hold(() => this.#both(() => this.#leaveAfterWork(invocation, inner.phase)), invocation)
        leave(invocation)
        this.#take(invocation)
        return inner.hold(() => this.#overlapped, invocation)
      },
    }
  }

  /** The lifetime of an invocation whose flush also reports the invocations that were left. */
  #telling(inner: Lifetime): Lifetime {
    this.#left = 0
    return {
      ...inner,
      hold: (finish, invocation) => {
        inheritAccount(invocation)
        return inner.hold(() => this.#both(finish), invocation)
      },
    }
  }

  async #leaveAfterWork(invocation: InvocationState, phase: Phase): Promise<undefined> {
    await leaveAfterWork(invocation, phase)
    this.#take(invocation)
  }

  // An invocation that was ended early is being flushed already, and reports on itself.
  #take(invocation: InvocationState): void {
    if (!invocation.flushing) leaveAccount(invocation)
  }

  // A flush that is under way has to be over before the sandbox freezes.
  async #both<T>(finish: () => T): Promise<Awaited<T>> {
    const [result] = await Promise.all([finish(), this.#overlapped])
    return result
  }

  #due(): boolean {
    const { policy } = this
    if (this.#breaker?.open) return false
    if (policy === 'every') return true
    const backlog = this.wrap().config.telemetry.backlog?.() ?? 0
    if (backlog >= 1 || !this.#backed()) return true
    if (policy === 'adaptive') return this.#inARow < STEADY.invocations
    if ('everyMs' in policy) return clock().now() - this.#flushedAt >= policy.everyMs
    return this.#left + 1 >= policy.everyInvocations
  }

  // What is left when the environment ends goes with the flush at its shutdown, and only an extension is told of that.
  #backed(): boolean {
    if (registered()) return true
    if (once('policy')) {
      this.wrap().config.warn(
        'flushed: the `policy` needs an extension for what is left at the end (`flushed/lambda/register`); flushing at every invocation',
      )
    }
    return false
  }

  /** Learns from a flush that is over. */
  learn(report: FlushReport): void {
    if (this.policy !== 'every') this.#flushedAt = clock().now()
    this.#breaker?.learn(report)
  }

  #overlap(remainingMs: number): void {
    if (this.#left === 0 || this.#overlapped || this.#breaker?.open) return
    this.#left = 0
    const wrap = this.wrap()
    this.#overlapped = flushLeftovers(wrap, 'background', remainingMs, takeAccount(wrap.config.telemetry))
    void this.#overlapped.then(() => (this.#overlapped = undefined))
  }
}

/** Checks a policy. @throws TypeError for anything but a policy */
export function checkPolicy(policy: unknown): asserts policy is Policy {
  if (policy === 'every' || policy === 'adaptive') return
  if (typeof policy === 'object' && policy !== null && Object.keys(policy).length === 1) {
    const [key, value] = Object.entries(policy)[0] as [string, unknown]
    if (key === 'everyMs' && typeof value === 'number' && value > 0 && Number.isFinite(value)) return
    if (key === 'everyInvocations' && Number.isInteger(value) && (value as number) > 0) return
  }
  throw invalidOption('policy', policy, "'every', 'adaptive', { everyMs } in milliseconds, or { everyInvocations }")
}
