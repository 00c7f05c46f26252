/**
 * The collector's records, and the waits for them to change.
 *
 * @module
 */
import { checkWait } from './behaviors.ts'
import type { CollectorRequest, WaitOptions } from './collector-types.ts'
import type { CollectedLog, CollectedMetric, CollectedSpan, Decoded } from './telemetry.ts'

/** A request while the collector still writes to it. */
export type OpenRequest = { -readonly [K in keyof CollectorRequest]: CollectorRequest[K] }

/** What was not an OTLP request, or not one that the collector understands. */
export interface Refused {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly status: number
  readonly message: string
}

/** How many items a request has, as a partial success counts them: spans, log records, or the data points of metrics. */
export const itemsOf = ({ spans, metrics, logs }: Decoded): number =>
  spans.length + logs.length + metrics.reduce((sum, { points }) => sum + points.length, 0)

/** Metrics without their last `rejected` data points, and without those metrics that have lost all of theirs. */
function withoutLast(rejected: number, metrics: readonly CollectedMetric[]): readonly CollectedMetric[] {
  let left = itemsOf({ spans: [], metrics, logs: [] }) - rejected
  return metrics.flatMap((metric) => {
    const points = metric.points.slice(0, left)
    left -= points.length
    return points.length === 0 && metric.points.length > 0 ? [] : [{ ...metric, points }]
  })
}

interface Waiter {
  check(): void
  reject(error: unknown): void
}

/** Keeps what arrived and what was acknowledged. */
export class Ledger {
  requests: OpenRequest[] = []
  spans: CollectedSpan[] = []
  metrics: CollectedMetric[] = []
  logs: CollectedLog[] = []
  #refused: Refused[] = []
  readonly #waiters = new Set<Waiter>()
  /** The first mistake of the test's own, in a box, because anything can be thrown. */
  #failure: { readonly error: unknown; told: boolean } | undefined
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  receive(request: OpenRequest): void {
    this.requests.push(request)
    this.changed()
  }

  /** Notes a refused request. No wait can be for it, but it may be the reason why a wait is in vain. */
  refuse(refused: Refused): void {
    this.#refused.push(refused)
  }

  answered(request: OpenRequest, status: number, at: number): void {
    request.answeredAt = at
    request.status = status
    request.acknowledged = status >= 200 && status < 300
    // Records that were reset in between belong to an earlier test.
    if (request.acknowledged && this.requests.lastIndexOf(request) !== -1) this.#acknowledge(request)
    this.changed()
  }

  #acknowledge({ spans, metrics, logs, rejected }: OpenRequest): void {
    // Appended one by one: this runs for every request, and copying the lists would make a long run quadratic.
    for (const span of spans.slice(0, spans.length - rejected)) this.spans.push(span)
    for (const metric of withoutLast(rejected, metrics)) this.metrics.push(metric)
    for (const log of logs.slice(0, logs.length - rejected)) this.logs.push(log)
  }

  reset(): void {
    this.requests = []
    this.spans = []
    this.metrics = []
    this.logs = []
    this.#refused = []
    this.changed()
  }

  changed(): void {
    for (const waiter of this.#waiters) waiter.check()
  }

  /** Ends every wait with this error, later ones too. */
  fail(error: unknown): void {
    this.#failure ??= { error, told: false }
    const failure = this.#failure
    for (const waiter of this.#waiters) waiter.reject(this.#tell(failure))
  }

  /** Throws the test's own mistake, if no wait has thrown it: thrown twice, it would become a `SuppressedError`. */
  throwFailure(): void {
    if (this.#failure && !this.#failure.told) throw this.#tell(this.#failure)
  }

  #tell(failure: { readonly error: unknown; told: boolean }): unknown {
    failure.told = true
    return failure.error
  }

  open(): void {
    this.#closed = false
  }

  /** Ends every wait: nothing can arrive any more, and the timer of a wait would keep the process alive. */
  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.reject(this.#closedError())
  }

  async waitFor(holds: () => boolean, options: WaitOptions = {}): Promise<void> {
    checkWait(options)
    const { timeoutMs = 5000 } = options
    if (this.#failure) throw this.#tell(this.#failure)
    if (holds()) return
    if (this.#closed) throw this.#closedError()
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
        finish()
      }
      const waiter: Waiter = {
        check: () => {
          try {
            if (holds()) settle(resolve)
          } catch (error) {
            waiter.reject(error)
          }
        },
        reject: (error) => settle(() => reject(error)),
      }
      const inVain = () => new Error(`The collector waited ${timeoutMs} ms in vain. ${this.#describe()}`)
      const timer = setTimeout(() => waiter.reject(inVain()), timeoutMs)
      this.#waiters.add(waiter)
    })
  }

  #closedError(): Error {
    return new Error(`The collector was closed, and what a test waited for had not happened. ${this.#describe()}`)
  }

  #describe(): string {
    const requests = this.requests.map((request) => `${request.signal} with ${itemsOf(request)} items: ${request.status ?? 'not answered'}`)
    const refused = this.#refused.map(({ method, path, status, message }) => `${method} ${path}: ${status}, ${message}`)
    const none = refused.length === 0 ? 'No request arrived' : 'No request arrived that was understood'
    const arrived = requests.length === 0 ? none : `${requests.length} arrived (${requests.join('; ')})`
    const others = refused.length === 0 ? '' : ` ${refused.length} were not understood (${refused.join('; ')}).`
    return `${arrived}; ${this.spans.length} spans were acknowledged.${others}`
  }
}
