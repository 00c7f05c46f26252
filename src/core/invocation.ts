/**
 * One invocation: its open spans, its background work, its end.
 *
 * @module
 */
import { type Context, type Span, type SpanOptions, trace } from '@opentelemetry/api'
import type { Alarm } from './alarm.ts'
import * as ATTRIBUTE from './attributes.ts'
import { toError } from './errors.ts'
import { contextWithin } from './current.ts'
import type { Pending } from './deadline.ts'
import { isolate, remove } from './isolate.ts'
import type { Wrap } from './lifecycle.ts'
import { OpenSpans } from './open-spans.ts'
import { complain } from './report.ts'
import { isThenable } from './stage.ts'
import { disposable, tracerOf } from './span.ts'
import type { Description } from './platform.ts'
import type { DisposableSpan, FlushReport, Invocation, OpenEntry, OpenSpan, Phase, SpanOwner, Telemetry } from './types.ts'

const END = 'the end of a span'

/** The invocation behind the {@link Invocation} that a handler sees. */
export class InvocationState implements Invocation, SpanOwner {
  live = true
  /** Whether the root has been ended. */
  ended = false
  warnings: string[] = []
  notes: readonly unknown[] = []
  phase: Phase | undefined
  root!: Span
  context!: Context
  description!: Description
  readonly #open = new OpenSpans()
  #background: Set<PromiseLike<unknown>> | undefined
  /** Counts the turns of the promise queue in which spans are started. */
  #turn = 0
  #counting = false
  /** The turn in which the first background work was handed over. Spans that were open before do not belong to that work. */
  #workSince = Infinity

  /** The controller of the signal, once somebody has asked for the signal. */
  abort: AbortController | undefined
  /** When the handler settled, in milliseconds since the epoch. Set only if the root is ended later than that. */
  settledAt: number | undefined
  endedByDispose = 0
  /** The time, by the clock, after which nothing can be heard of it any more. Set only where a request may die without notice. */
  expiresAt = Infinity
  /** Rings when the handler should have settled. */
  alarm: Alarm | undefined
  declare readonly patient?: boolean
  declare late?: () => void
  declare lasting?: boolean
  declare told?: boolean
  /** A flush of this invocation that is under way. */
  flushing: Promise<FlushReport> | undefined

  /**
   * @param args what the handler was called with
   * @param outside the context that the wrap was called in
   */
  constructor(
    readonly wrap: Wrap,
    readonly args: unknown[],
    public outside: Context,
  ) {}

  get telemetry(): Telemetry {
    return this.wrap.config.telemetry
  }

  get timers(): boolean {
    return this.wrap.platform.timers !== false
  }

  get signal(): AbortSignal {
    return (this.abort ??= new AbortController()).signal
  }

  /** Makes this the invocation that `root` and everything below it belong to. */
  begin(root: Span, context: Context, description: Description): void {
    this.root = root
    this.description = description
    this.context = trace.setSpan(context, root)
    // The span processors have announced the root as an open span, before it could be known as the root.
    for (let entry; (entry = this.#open.find(root.spanContext().spanId)); ) entry.close()
    isolate.live.push(this)
  }

  opened(span: OpenSpan): OpenEntry {
    // Where background work goes on by itself, count turns to tell which spans may be its own.
    if (!this.timers && !this.#counting) {
      this.#counting = true
      queueMicrotask(() => {
        this.#counting = false
        this.#turn++
      })
    }
    return this.#open.add(this, span, this.live, this.#turn)
  }

  has(spanId: string): boolean {
    return !!this.#open.find(spanId) || this.root?.spanContext().spanId === spanId
  }

  span(name: string, options: SpanOptions = {}): DisposableSpan {
    const span = tracerOf(this.telemetry).startSpan(name, options, contextWithin(this))
    // Without a span processor of ours, nobody has announced this span.
    if (this.live && !this.has(span.spanContext().spanId)) this.opened(span)
    return disposable(span)
  }

  adopt<T>(thing: T, end: (thing: NonNullable<T>) => void): T {
    if (thing === undefined || thing === null) return thing
    this.opened({ end: () => end(thing), parentSpanContext: trace.getSpanContext(contextWithin(this)) })
    return thing
  }

  waitUntil(work: PromiseLike<unknown>): void {
    const background = (this.#background ??= new Set())
    if (!background.size) this.#workSince = this.#turn
    const settled: Promise<unknown> = Promise.resolve(work)
      .catch((reason) => this.#failed('background work', reason))
      .then(() => background.delete(settled))
    background.add(settled)
  }

  /** The background work, or `undefined` if there is none. Work may register more work. */
  get background(): Pending | undefined {
    const background = this.#background
    // Work begun after the end does not count: an invocation that waited for it could not be found when the sandbox is stopped.
    if (!this.live || !background?.size) return undefined
    const drain = async () => {
      while (background.size) await Promise.all(background)
    }
    return {
      get waiting() {
        return background.size
      },
      work: drain(),
    }
  }

  /**
   * Ends what is still open, deepest first, and then the root.
   *
   * @param apart whether background work goes on by itself: spans that may be the work's own are left to it. A promise does not
   *   tell what it stands for. But a span that was open before the work was begun, in an earlier turn, is not the work's own
   *   (where turns are counted).
   * @param ending called with each open span before it is ended
   */
  dispose(apart = false, ending?: (span: OpenSpan) => void): void {
    if (!this.live) return
    const goesOn = apart && this.#background?.size
    // A span processor may start another span when one is ended. More than a few rounds would be a loop.
    for (let round = 0; round < 3 && !this.#open.empty; round++) {
      for (const span of this.#open.drain(goesOn ? this.#workSince : Infinity)) this.#end(span, ending)
    }
    if (!goesOn) {
      this.live = false
      remove<SpanOwner>(isolate.live, this)
    }
    if (this.ended) return
    this.ended = true
    try {
      this.root.end(this.settledAt)
    } catch (error) {
      this.#failed(END, error, true)
    }
  }

  #end(span: OpenSpan, ending: ((span: OpenSpan) => void) | undefined): void {
    try {
      if (span.isRecording?.() === false) return
      this.endedByDispose++
      span.setAttribute?.(ATTRIBUTE.unfinished, true)
      ending?.(span)
      const ended: unknown = span.end()
      // An adopted thing may have an `end` that takes its time.
      if (isThenable(ended)) void Promise.resolve(ended).catch((error) => this.#failed(END, error))
    } catch (error) {
      this.#failed(END, error)
    }
  }

  // If the report is out, or is to be another invocation's, nobody reads these warnings any more.
  #failed(what: string, error: unknown, heard: unknown = this.live || this.flushing): void {
    if (heard) this.warnings.push(`${what} failed: ${toError(error).message}`)
    else complain(this.wrap.config, what, error)
  }
}
