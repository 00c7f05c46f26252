/**
 * One export: spans handed to an exporter, until it answers.
 *
 * @module
 */
import { toError } from '../core/errors.ts'
import { untraced } from '../core/suppress.ts'
import type { Outbox } from './outbox.ts'
import type { ExportResult, FinishedSpan } from './types.ts'

export class Flight {
  state: 'in_flight' | 'acknowledged' | 'refused' = 'in_flight'
  error: Error | undefined
  /** Whether its spans have been sent again, so that what the exporter still says no longer matters. */
  superseded = false
  #retried = false
  #answer: Promise<void> | undefined
  #answered: (() => void) | undefined

  /** How many spans it carries. */
  readonly size: number

  /** @param spans let go once they are acknowledged: a long invocation must not hold on to what is delivered */
  constructor(
    readonly outbox: Outbox,
    public spans: readonly FinishedSpan[],
  ) {
    this.size = spans.length
  }

  /** Resolves when the exporter has answered. Never rejects. */
  get answer(): Promise<void> {
    if (this.state !== 'in_flight') return Promise.resolve()
    return (this.#answer ??= new Promise((resolve) => (this.#answered = resolve)))
  }

  /** Hands the spans over. The exporter may answer before this returns; one that throws has refused them. */
  depart(): void {
    const pending = pendingResources(this.spans)
    if (pending) pending.then(() => this.#export())
    else this.#export()
  }

  #export(): void {
    try {
      untraced(() => this.outbox.exporter.export(this.spans, (result) => this.#land(result)))
    } catch (thrown) {
      this.#land({ code: 1, error: toError(thrown) })
    }
  }

  #land({ code, error }: ExportResult): void {
    if (this.state !== 'in_flight') return
    if (code !== 0 && !this.#retried && !this.superseded && lostConnection(error)) {
      this.#retried = true
      return this.#export()
    }
    this.state = code === 0 ? 'acknowledged' : 'refused'
    if (code === 0) this.spans = []
    else this.error = error ?? new Error('the exporter gave no reason')
    this.outbox.landed(this)
    this.#answered?.()
  }
}

const LOST = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

// A connection that was lost while the sandbox was frozen fails when it is next used, and only then. The next export makes
// a new one. Where nothing listens, or nobody answers, another attempt would only cost time.
function lostConnection(error: Error | undefined): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } }
  return LOST.includes(String(code)) || LOST.includes(String(cause?.code))
}

// Resource detectors may still be at work during the first invocation; an export must wait for what they find.
function pendingResources(spans: readonly FinishedSpan[]): Promise<unknown> | undefined {
  let pending: Promise<unknown>[] | undefined
  let previous: FinishedSpan['resource']
  for (const { resource } of spans) {
    if (resource === previous) continue
    previous = resource
    if (resource?.asyncAttributesPending && resource.waitForAsyncAttributes) {
      ;(pending ??= []).push(resource.waitForAsyncAttributes())
    }
  }
  return pending && Promise.allSettled(pending)
}
