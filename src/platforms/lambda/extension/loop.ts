/**
 * The extension's loop: next event → its invocation is done → its flush → next event.
 *
 * Lambda freezes the sandbox when the runtime and every extension have asked for the next event. As long as this loop
 * does not ask, code runs after the response. One loop, one event at a time: flushes can neither overlap nor be frozen.
 *
 * @module
 */
import { MARGIN_MS } from '../../../core/remaining.ts'
import { type ExtensionEvent, Refusal } from './client.ts'
import type { Extension, Finish, LambdaInvocation, Shared } from '../../../server/extension.ts'
import { afterResponse, by, unrefd } from './timing.ts'

/**
 * Milliseconds before the function's timeout at which a flush is cut. A deadline of its own ends a flush before that, unless
 * something is very wrong.
 */
const CUT_MS = 20
/** Milliseconds for a wrapped handler to begin, once the sandbox has been held for one in vain. */
const GRACE_MS = 100
/** The same where Lambda Web Adapter makes requests of invocations, which reach this process at once. */
const REQUEST_MS = 1000
const RETRY_MS = { first: 50, most: 1000 }

/** An invocation, from its beginning or its event, whichever is first, to its `next`. */
interface Held {
  begun: boolean
  /** How many wrapped handlers are at work: more than one if a handler of the user's calls several. */
  open: number
  readonly finishes: Finish[]
  changed?: (() => void) | undefined
}

export class Loop implements Extension {
  // Keyed by request: a handler may settle while a later invocation runs. Emptied at each event, so that nothing stays.
  readonly #held = new Map<string, Held>()
  #current: LambdaInvocation | undefined
  /** The request that was let go last. What begins under its identifier after that is too late, unless its event comes again. */
  #over: string | undefined
  #holding: boolean
  #heldInVain = false
  /** Whether Lambda Web Adapter makes requests to this process. */
  #serves = false

  readonly #poll: () => Promise<ExtensionEvent>
  readonly #shared: Shared

  constructor(
    readonly events: Extension['events'],
    poll: () => Promise<ExtensionEvent>,
    shared: Shared,
  ) {
    this.#holding = events === 'invoke'
    this.#poll = poll
    this.#shared = shared
  }

  get current(): LambdaInvocation | undefined {
    return this.#current
  }

  /** Lambda Web Adapter has made a request of an invocation. It is `done` when the response is over. */
  served(invocation: LambdaInvocation): void {
    const { requestId } = invocation
    this.#serves = true
    // The request may be here before the event.
    if (this.#over !== requestId) this.#current ??= invocation
    this.begun(requestId)
  }

  begun(requestId: string): void {
    // Lambda runs one invocation at a time. With any other identifier, the handler was called by hand.
    if (!this.#holding || (this.#current && this.#current.requestId !== requestId)) return
    const held = this.#heldFor(requestId)
    held.begun = true
    held.open++
    held.changed?.()
  }

  holds(requestId: string): boolean {
    return this.#holding && this.#over !== requestId && this.#held.get(requestId)?.begun === true
  }

  done(requestId: string, finish?: Finish): void {
    const held = this.#held.get(requestId)
    if (!held) return
    held.open--
    if (finish) held.finishes.push(finish)
    held.changed?.()
  }

  /** Runs for as long as the process does, or until Lambda no longer knows the extension. Never rejects. */
  async run(): Promise<void> {
    for (let retryMs = RETRY_MS.first; ; ) {
      try {
        const event = await this.#poll()
        retryMs = RETRY_MS.first
        if (this.#holding && event.eventType === 'INVOKE') await this.#settle(event)
      } catch (thrown) {
        await this.#degrade(thrown)
        if (thrown instanceof Refusal && thrown.status === 403) return
        // Lambda still waits for this extension. If the loop stopped asking, it would hold every invocation until its timeout.
        await unrefd(retryMs)
        retryMs = Math.min(2 * retryMs, RETRY_MS.most)
      }
    }
  }

  #heldFor(requestId: string): Held {
    let held = this.#held.get(requestId)
    if (!held) this.#held.set(requestId, (held = { begun: false, open: 0, finishes: [] }))
    return held
  }

  async #settle(event: ExtensionEvent): Promise<void> {
    const { requestId, deadlineMs } = event
    // Lambda retries an asynchronous invocation that has failed, with the same identifier.
    if (this.#over === requestId) this.#over = undefined
    this.#current = event
    const strays = this.#strays(requestId)
    if (strays.length > 0) await this.#flush(strays, deadlineMs)
    if (this.#shared.untraced || this.#serves) await this.#hold(this.#heldFor(requestId), deadlineMs)
    this.#held.delete(requestId)
    this.#over = requestId
    this.#current = undefined
  }

  /** Takes the flushes of invocations whose event never came, or that were let go. */
  #strays(requestId?: string): Finish[] {
    const strays: Finish[] = []
    for (const [other, { finishes }] of this.#held) {
      if (other === requestId) continue
      strays.push(...finishes)
      this.#held.delete(other)
    }
    return strays
  }

  async #hold(held: Held, deadlineMs: number): Promise<void> {
    const until = deadlineMs - MARGIN_MS
    let inTime: boolean
    do {
      inTime = await this.#closed(held, until)
      await this.#flush(held.finishes, deadlineMs)
    } while (inTime && held.open > 0)
    if (held.begun || this.#heldInVain) return
    this.#heldInVain = true
    console.warn(
      'flushed: an invocation did not pass through a wrapped handler, and the sandbox was held for it; ' +
        `from now on, one that has not begun after ${GRACE_MS} ms is not waited for`,
    )
  }

  /** Waits until no wrapped handler is at work any more. @returns whether that happened in time */
  async #closed(held: Held, until: number): Promise<boolean> {
    const graceMs = this.#heldInVain ? GRACE_MS : this.#serves ? REQUEST_MS : Infinity
    const begunBy = Math.min(until, Date.now() + graceMs)
    while (!held.begun || held.open > 0) {
      const change = new Promise<void>((resolve) => (held.changed = resolve))
      if (!(await by(change, held.begun ? until : begunBy))) return false
    }
    return true
  }

  async #flush(finishes: Finish[], deadlineMs: number): Promise<void> {
    if (finishes.length > 0) await afterResponse()
    for (let finish = finishes.shift(); finish; finish = finishes.shift()) {
      try {
        await by(Promise.resolve(finish()), deadlineMs - CUT_MS)
      } catch (thrown) {
        console.warn(`flushed: the flush failed: ${String(thrown)}`)
      }
    }
  }

  /** Stops holding the sandbox. From now on, wraps flush before the response, and say why. */
  async #degrade(thrown: unknown): Promise<void> {
    if (!this.#holding) return
    this.#holding = false
    this.#shared.failure ??= `the extension has lost its connection (${(thrown as Error).message})`
    await this.#flush(this.#strays(), Infinity)
  }
}
