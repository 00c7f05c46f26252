import { errorMonitor } from 'node:events'
import type { Pending } from '../../core/deadline.ts'
import type { ResponseStream } from './arguments.ts'

/** Watches how a response stream ends, from before its handler runs. */
export class StreamEnd implements Pending {
  /**
   * `finished`: all of it was handed over. `aborted`: it was closed before that. `unfinished`: neither yet. `failed`: it failed,
   * which may be after its end, as when the connection is reset before all has been sent.
   */
  state: 'unfinished' | 'finished' | 'aborted' | 'failed' = 'unfinished'
  error: unknown
  /** Resolves when the stream has ended in any way. */
  readonly work: Promise<void>
  /** Rejects when the process would have ended, if the rejection were not held back for the flush. */
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
      // A listener for `error` itself would make a stream that nobody else listens to fail silently.
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
   * Holds back a rejection of the runtime client until the flush is over. When its stream fails, as in a `pipeline` whose source
   * fails, a promise of the client (4.0) rejects, and nobody handles it. The process ends within the turn, and takes along the
   * span that says why. If something else listens for rejections, that decides, as it would without this class: client 3.3
   * listens, and exits at once.
   */
  #deferCrash(): void {
    if (process.listenerCount('unhandledRejection') === 0) process.on('unhandledRejection', this.#unhandled)
  }

  readonly #unhandled = (reason: unknown): void => {
    // Any other rejection ends the process as if nobody listened: an error that is thrown here is an uncaught exception.
    if (reason !== this.error) throw reason
    this.#reject(reason)
    this.#doomed = true
  }

  /** Lets the process end as it would have ended, if it would have. From now on, a failure ends it at once. */
  allowCrash(): void {
    this.#allowed = true
    process.off('unhandledRejection', this.#unhandled)
    if (!this.#doomed) return
    process.nextTick(() => {
      throw this.error
    })
  }
}
