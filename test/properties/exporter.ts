/** A fake exporter that answers as a program says. */
import type { ReadableSpan } from '#sdk'
import type { Answer } from './program.ts'
import { currentRequest } from './requests.ts'
import type { Export, Trace } from './trace.ts'

type Result = { code: number; error?: Error }
type Callback = (result: Result) => void

export class ScriptedExporter {
  #made = 0
  readonly #unanswered = new Map<Export, Callback>()
  #idle: (() => void)[] = []

  /** @param drains whether the exporter has a `forceFlush` */
  constructor(
    readonly trace: Trace,
    public answers: readonly Answer[],
    drains: boolean,
  ) {
    if (drains) this.forceFlush = () => new Promise((resolve) => (this.#unanswered.size > 0 ? this.#idle.push(resolve) : resolve()))
  }

  forceFlush?: () => Promise<void>

  async shutdown(): Promise<void> {}

  export(spans: readonly ReadableSpan[], callback: Callback): void {
    const { trace } = this
    const batch: Export = { spans: spans.map((span) => trace.recorded(span)), made: trace.events.length, request: currentRequest() }
    trace.exports.push(batch)
    trace.log({ what: 'export', batch })
    for (const span of batch.spans) span.exported ??= batch.made
    this.#unanswered.set(batch, callback)
    const { how, when } = this.answers[this.#made++ % this.answers.length] as Answer
    if (how === 'never') return
    const answer = () => this.#answer(batch, how)
    if (how === 'throws' || when === 'at once') answer()
    else if (when === 'microtask') queueMicrotask(answer)
    else trace.clock.setTimeout(answer, when)
  }

  /** Accepts every export that has not been answered. */
  release(): void {
    for (const batch of this.#unanswered.keys()) this.#answer(batch, 'accepts')
  }

  #answer(batch: Export, how: Exclude<Answer['how'], 'never'>): void {
    const callback = this.#unanswered.get(batch)
    if (!callback) return
    this.#unanswered.delete(batch)
    if (this.#unanswered.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    const accepts = how === 'accepts' || how === 'accepts twice'
    batch.answered = this.trace.log({ what: accepts ? 'accept' : 'fail', batch })
    if (how === 'throws') throw new Error('the exporter throws')
    if (!accepts) return callback({ code: 1, error: ERRORS[how]() })
    for (const span of batch.spans) span.accepted ??= batch.answered
    callback({ code: 0 })
    if (how === 'accepts twice') callback({ code: 0 })
  }
}

const ERRORS = {
  fails: () => new Error('the exporter has failed'),
  refuses: () => Object.assign(new Error('Bad Request'), { code: 400 }),
  resets: () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
}
