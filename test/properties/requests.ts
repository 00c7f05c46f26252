/**
 * Fake requests that behave like workerd's: a timer or an exporter's answer dies with the request that started it. A promise that
 * only such a timer or answer would resolve never settles, whichever request waits for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from 'flushed'

/** Milliseconds that `waitUntil` keeps a request alive after its response. */
const KEPT_MS = 30_000

const current = new AsyncLocalStorage<Request>()

/** The request that this code runs for. */
export const currentRequest = (): Request | undefined => current.getStore()

export class Request {
  over = false
  #waiting = 0
  #responded = false

  /** @param mortal whether timers and answers die with the request */
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

/** A clock whose timers do not fire in a request that is over. */
export const mortalClock = (clock: Clock): Clock => ({
  now: () => clock.now(),
  setTimeout(callback, ms) {
    const request = current.getStore()
    if (!request) return clock.setTimeout(callback, ms)
    return clock.setTimeout(() => (request.over ? undefined : request.run(callback)), ms)
  },
  clearTimeout: (timer) => clock.clearTimeout(timer),
})
