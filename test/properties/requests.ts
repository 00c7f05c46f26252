/**
 * Requests as workerd has them: timers, and answers of exporters, die with the request that they were begun in. A promise
 * that only one of those would have resolved hangs for whoever waits for it, in whatever request.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from 'flushed'

/** Milliseconds that `waitUntil` keeps a request after its response. */
const KEPT_MS = 30_000

const current = new AsyncLocalStorage<Request>()

/** The request that this code runs for. */
export const currentRequest = (): Request | undefined => current.getStore()

export class Request {
  over = false
  #waiting = 0
  #responded = false

  /** @param mortal whether anything dies with it */
  constructor(
    readonly clock: Clock,
    readonly mortal: boolean,
  ) {}

  run<T>(code: () => T): T {
    return current.run(this, code)
  }

  waitUntil = (work: Promise<unknown>): void => {
    this.#waiting++
    const over = () => {
      this.#waiting--
      this.#look()
    }
    void Promise.resolve(work).then(over, over)
  }

  responded(): void {
    this.#responded = true
    this.clock.setTimeout(() => this.die(), KEPT_MS)
    this.#look()
  }

  die(): void {
    this.over = this.mortal
  }

  #look(): void {
    if (this.#responded && this.#waiting === 0) this.die()
  }
}

/** A clock whose timers do not ring in a request that is over. */
export const mortalClock = (clock: Clock): Clock => ({
  now: () => clock.now(),
  setTimeout(callback, ms) {
    const request = current.getStore()
    if (!request) return clock.setTimeout(callback, ms)
    return clock.setTimeout(() => (request.over ? undefined : request.run(callback)), ms)
  },
  clearTimeout: (timer) => clock.clearTimeout(timer),
})
