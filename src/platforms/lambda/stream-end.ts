import { errorMonitor } from 'node:events'
import type { Pending } from '../../core/deadline.ts'
import type { ResponseStream } from './arguments.ts'

/** How a response stream ends, watched from before its handler runs. */
export class StreamEnd implements Pending {
  /**
   * `finished`: all of it was handed over. `aborted`: it was closed before. `unfinished`: neither yet. `failed`: also after
   * its end, as when the connection is reset before all has been sent.
   */
  state: 'unfinished' | 'finished' | 'aborted' | 'failed' = 'unfinished'
  error: unknown
  /** Resolves when the stream has ended in any way. */
  readonly work: Promise<void>
  /** Rejects when the process would have ended by now, were it not for the flush. */
  readonly crash: Promise<never>
  #reject!: (error: unknown) => void
  #doomed = false
  #allowed = false
  readonly #outermost: boolean

  constructor(stream: ResponseStream, outermost: boolean) {
    this.#outermost = outermost
    this.crash = new Promise((_resolve, reject) => (this.#reject = reject))
    this.crash.catch(() => {})
    this.work = new Promise((resolve) => {
      const ended = (state: StreamEnd['state']) => () => {
        if (this.state !== 'unfinished') return
        this.state = state
        resolve()
      }
      stream.once('finish', ended('finished'))
      stream.once('close', ended('aborted'))
      // A listener for errors proper would make a stream that nobody else listens to fail silently.
      stream.once(errorMonitor, (error) => {
        this.state = 'failed'
        this.error = error
        if (this.#outermost && !this.#allowed) this.#deferCrash()
        resolve()
      })
    })
  }

  get waiting(): number {
    return this.state === 'unfinished' ? 1 : 0
  }

  /**
   * A promise of the runtime client (4.0) rejects when its stream fails, as it does in a `pipeline` whose source fails,
   * and nobody looks at it: the process ends within the turn, and with it the span that says why. So that rejection is
   * held back until the flush is over. Where something else listens for rejections, it decides, as it would without this:
   * client 3.3 does, and exits at once.
   */
  #deferCrash(): void {
    if (process.listenerCount('unhandledRejection') === 0) process.on('unhandledRejection', this.#unhandled)
  }

  readonly #unhandled = (reason: unknown): void => {
    // Any other one ends the process as if nobody listened: what is thrown here is an uncaught exception.
    if (reason !== this.error) throw reason
    this.#reject(reason)
    this.#doomed = true
  }

  /** Lets the process end in the way it would have, if it would have, and from now on at once. */
  allowCrash(): void {
    this.#allowed = true
    process.off('unhandledRejection', this.#unhandled)
    if (!this.#doomed) return
    process.nextTick(() => {
      throw this.error
    })
  }
}
