/**
 * A process that stays: no response waits for its flushes, and a flush serves many requests at once.
 *
 * @module
 */
import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import { Account, inherit } from '../core/account.ts'
import { clock } from '../core/clock.ts'
import { Deadline, type Pending, settledWithin } from '../core/deadline.ts'
import { cutShort, flushLeftovers, live } from '../core/early.ts'
import { stopped } from '../core/errors.ts'
import type { InvocationState } from '../core/invocation.ts'
import { OVERDUE, leave } from '../core/finish.ts'
import { remove } from '../core/isolate.ts'
import type { Wrap } from '../core/lifecycle.ts'
import type { Lifetime } from '../core/platform.ts'
import type { FlushReport, Phase, Telemetry } from '../core/types.ts'
import { Allowance } from './allowance.ts'
import { Draining, waitMs } from './draining.ts'
import { IDLE } from './idle.ts'
import { type Participant, shared } from './state.ts'
import { FLUSH, Strays } from './strays.ts'
import { join, part } from './watch.ts'

/** Milliseconds from the end of the first request to the flush, so that requests that end together are flushed together. */
const SOON_MS = 50
/** Milliseconds from the end of one flush to the next, unless a batch is full before. */
const GAP_MS = 500
/** The longest such gap: each flush in a row that leaves something unsent doubles the gap, up to this. */
const LONGEST_GAP_MS = 5000
/** Milliseconds after which background work is no longer waited for: work that never ends must not keep its request. */
const BACKGROUND_MS = 15 * 60_000

/** The lifetime of invocations in a process that stays. One for each wrap. */
export class Staying implements Participant, Pending {
  readonly #wrap: () => Wrap
  #drainMs: number
  /** The telemetry that is flushed while the process stays. */
  #passing: Telemetry | undefined
  #joined = false
  /** Whether it is told of spans of no invocation. */
  #hears = false
  readonly #open: InvocationState[] = []
  #closed: (() => void) | undefined
  /** Whether something has ended that no flush has taken. */
  #unsent = false
  /** Whether a request has. */
  #answered = false
  #invocations = 0
  /** How many of them had begun when the process last had nothing left to do. */
  #known = 0
  #account = newAccount()
  flushing: Promise<FlushReport> | undefined
  /** The time that the flush under way has. */
  #allowed: Allowance | undefined
  /** Whether no flush may begin but the last one. */
  #last = false
  #draining: Draining | undefined
  #timer: unknown
  #notBefore = -Infinity
  /** How many flushes in a row have left something unsent. */
  #failures = 0

  /**
   * @param wrap the wrap that this lifetime belongs to; read when there is something to flush
   * @param drainMs milliseconds that draining may take
   */
  constructor(wrap: () => Wrap, drainMs: number) {
    this.#wrap = wrap
    this.#drainMs = drainMs
  }

  /** An invocation begins. Each such call must be followed by a call of `lifetime.hold`, when the invocation is over. */
  begun(invocation: InvocationState): void {
    invocation.late = this.#late
    this.#open.push(invocation)
    this.#invocations++
    if (this.#hears) return
    this.#hears = true
    this.join()
    this.#wrap().config.telemetry.strays?.(this.#strays.heard)
  }

  /** Takes part in the end of the process. @param drainMs milliseconds that draining may take */
  join(drainMs = this.#drainMs): void {
    if (this.#joined) return
    this.#joined = true
    this.#drainMs = drainMs
    join(this)
    // Not when it has been drained: something other than a request may still record spans.
    this.#wrap().config.telemetry.ended?.(() => {
      part(this)
      this.#strays.forget()
    })
  }

  /** The lifetime of an invocation that is over: one for all of them. */
  readonly lifetime: Lifetime = {
    phase: 'background',
    hold: (_finish, invocation) => {
      const { background } = invocation
      if (background) void this.#later(invocation, background)
      else this.#ended(invocation)
    },
  }

  async #later(invocation: InvocationState, background: Pending): Promise<void> {
    const inTime = await settledWithin(background, new Deadline(BACKGROUND_MS, IDLE), true)
    if (!inTime) invocation.warnings.push(OVERDUE)
    this.#ended(invocation)
  }

  /** How much a drain waits for. */
  get waiting(): number {
    return this.#open.length + (this.flushing ? 1 : 0)
  }

  /** Resolves when there is nothing more to wait for. */
  get work(): Promise<void> {
    return new Promise((resolve) => (this.#closed = resolve))
  }

  #ended(invocation: InvocationState): void {
    leave(invocation)
    // Requests of one connection may be nested in one another's contexts, and must not keep one another alive.
    invocation.outside = ROOT_CONTEXT
    this.#unsent = true
    inherit(this.#account, invocation)
    // One that was cut short has been sent.
    if (remove(this.#open, invocation)) this.#answered = true
    this.#ask()
    if (!this.waiting) this.#closed?.()
  }

  // A handler may go on when its client is gone, and no other request may come for long.
  readonly #late = (): void => {
    this.#unsent = true
    this.#ask()
  }

  readonly #strays = new Strays(this.#late)

  /**
   * Begins a flush if one is due, or sets a timer for it.
   *
   * @param awaited whether a drain is to wait for it. Late spans may go on and on, and must not keep a drain going
   */
  #ask(awaited = this.#answered): void {
    if (this.flushing || this.#last) return
    const { backlog } = this.#wrap().config.telemetry
    // After a failure, a full batch can wait: what it would be sent to is probably not there.
    if ((shared.draining > 0 && awaited) || (this.#failures === 0 && (backlog?.() ?? 0) >= 1)) return void this.#flush('background')
    if (this.#timer !== undefined) return
    // The timer keeps no process alive: what it would send is sent when the process has nothing else to do.
    this.#timer = IDLE.setTimeout(() => void this.#flush('background'), Math.max(SOON_MS, this.#notBefore - clock().now()))
  }

  #flush(phase: Phase): Promise<FlushReport> {
    clock().clearTimeout(this.#timer)
    this.#timer = undefined
    this.#strays.forget()
    this.#unsent = this.#answered = false
    const account = this.#account
    this.#account = newAccount()
    const wrap = this.#wrapFor(phase)
    const allowed = (this.#allowed = new Allowance(Math.min(wrap.config.timeoutMs, this.#draining?.leftMs ?? Infinity)))
    // In the context of no request, although a request has set the timer.
    const flushed = context.with(ROOT_CONTEXT.setValue(FLUSH, true), () => flushLeftovers(wrap, phase, allowed, account))
    return (this.flushing = flushed.then((report) => this.#flushed(report)))
  }

  #flushed(report: FlushReport): FlushReport {
    const { stages, spans, phase } = report
    this.flushing = undefined
    // Spans that were too many, or late, are no reason to wait longer.
    const refused = stages.some(({ outcome }) => outcome !== 'delivered' && outcome !== 'nothing_to_send')
    this.#failures = refused ? this.#failures + 1 : 0
    this.#notBefore = clock().now() + Math.min(GAP_MS * 2 ** this.#failures, LONGEST_GAP_MS)
    // A process that ends has only the next flush left to do, and one more for what is recorded during that: ever more flushes
    // must not keep it alive.
    if (this.#unsent || (spans.carriedOver + spans.pending > 0 && shared.draining === 0)) this.#ask(this.#answered || phase === 'shutdown')
    if (!this.waiting) this.#closed?.()
    return report
  }

  #wrapFor(phase: Phase): Wrap {
    const { config, platform } = this.#wrap()
    if (phase === 'shutdown') return { config, platform }
    return { config: { ...config, telemetry: (this.#passing ??= passing(config.telemetry)) }, platform }
  }

  serves(wrap: unknown): boolean {
    return this.#wrap() === wrap
  }

  emptied(): void {
    if (this.flushing || !(this.#invocations > this.#known || this.#unsent || this.#strays.waiting)) return
    // Only once: what a collector does not take then must not keep the process alive.
    this.#known = this.#invocations
    shared.draining++
    // Nothing is left that would settle the open invocations: give them no more time than a flush.
    const ms = Math.min(this.#drainMs, this.#wrap().config.timeoutMs)
    void this.drain(stopped('nothing was left to do'), ms).finally(() => {
      shared.draining--
      // What is recorded meanwhile must not keep the process alive either.
      this.#strays.forget()
    })
  }

  drain(cause: Error, drainMs = this.#drainMs, elapsedMs = 0): Promise<FlushReport> {
    const draining = (this.#draining ??= new Draining(this, this.#wrap().config.timeoutMs))
    // A listener of a signal that drains finds a drain under way already, with all the time that its options give.
    draining.shorten(drainMs - elapsedMs)
    return draining.over(cause).finally(() => (this.#draining = undefined))
  }

  due(drainMs = this.#drainMs, elapsedMs: number): boolean {
    return this.waiting > 0 && elapsedMs < waitMs(drainMs, this.#wrap().config.timeoutMs)
  }

  async flushLast(cause: Error, shareMs: number): Promise<FlushReport> {
    // What settles when its signal is aborted goes with the last flush as well.
    this.#last = true
    this.#cutShort(cause)
    // What is sent again because its answer was not waited for may arrive twice. But what takes longer has had its time.
    this.#allowed?.shorten(Math.max(0, shareMs - this.#allowed.elapsedMs()))
    await this.flushing
    this.#last = false
    return this.#flush('shutdown')
  }

  #cutShort(cause: Error): void {
    const { config } = this.#wrap()
    for (const invocation of live().filter(({ wrap }) => wrap.config === config)) {
      cutShort(invocation, cause)
      config.telemetry.defer?.(invocation)
      inherit(this.#account, invocation)
    }
    this.#open.length = 0
  }
}

/** An account for connections that go on: an answer that takes its time still comes. */
const newAccount = (): Account => new Account(true)

/** The telemetry without what sends all its state at each flush: a process that stays lets that send at its own pace. */
const passing = ({ stages, ...telemetry }: Telemetry): Telemetry => ({
  ...telemetry,
  stages: stages.map((stage) => ({ ...stage, flushables: stage.flushables.filter(({ periodic }) => !periodic) })),
})
