/**
 * One invocation: its open spans, its background work, its end.
 *
 * @module
 */
import { type Context, type Span, type SpanOptions, trace } from '@opentelemetry/api'
import { ATTRIBUTE } from './attributes.ts'
import { toError } from './errors.ts'
import { contextWithin } from './current.ts'
import { isolate } from './isolate.ts'
import { deepestFirst, disposable, tracerOf } from './span.ts'
import type { Description, DisposableSpan, Invocation, OpenSpan, SpanOwner, Telemetry } from './types.ts'

/** The invocation behind the {@link Invocation} that a handler sees. */
export class InvocationState implements Invocation, SpanOwner {
  live = true
  readonly warnings: string[] = []
  readonly notes = new Map<object, unknown>()
  root!: Span
  context!: Context
  description!: Description
  readonly #open = new Map<unknown, OpenSpan>()
  #background: Set<PromiseLike<unknown>> | undefined

  constructor(
    readonly telemetry: Telemetry,
    readonly timers: boolean,
  ) {}

  /** Makes this the invocation that `root` and everything below it belongs to. */
  begin(root: Span, context: Context, description: Description): void {
    this.root = root
    this.description = description
    this.context = trace.setSpan(context, root)
    // The root has announced itself to the span processors before it could be known as the root.
    this.#open.delete(root.spanContext().spanId)
    isolate.live.push(this)
  }

  opened(spanId: string, span: OpenSpan): void {
    this.#open.set(spanId, span)
  }

  closed(spanId: string): boolean {
    return this.#open.delete(spanId)
  }

  has(spanId: string): boolean {
    return this.#open.has(spanId) || this.root?.spanContext().spanId === spanId
  }

  span(name: string, options: SpanOptions = {}): DisposableSpan {
    const span = tracerOf(this.telemetry).startSpan(name, options, contextWithin(this))
    const { spanId } = span.spanContext()
    // Without a span processor of ours nobody has told us of this span.
    if (this.live && !this.has(spanId)) this.opened(spanId, span)
    return disposable(span)
  }

  adopt<T>(thing: T, end: (thing: T) => void): T {
    const parentSpanContext = trace.getSpanContext(contextWithin(this))
    if (this.live) this.#open.set({}, { end: () => end(thing), parentSpanContext })
    return thing
  }

  waitUntil(work: PromiseLike<unknown>): void {
    const background = (this.#background ??= new Set())
    const settled: Promise<unknown> = Promise.resolve(work).then(
      () => background.delete(settled),
      (reason: unknown) => {
        background.delete(settled)
        this.warnings.push(`background work failed: ${toError(reason).message}`)
      },
    )
    background.add(settled)
  }

  /** Resolves when no background work is left; absent when there is none. Work may register more work. */
  get background(): Promise<void> | undefined {
    return this.#background?.size ? this.#drain(this.#background) : undefined
  }

  async #drain(background: Set<PromiseLike<unknown>>): Promise<void> {
    while (background.size > 0) await Promise.all(background)
  }

  /**
   * Ends what is still open, deepest first.
   *
   * @returns how many spans that were
   */
  dispose(): number {
    let ended = 0
    // Ending a span may start another (a span processor's doing); more than a few rounds would be a loop.
    for (let round = 0; round < 3 && this.#open.size > 0; round++) {
      const spans = deepestFirst(this.#open)
      this.#open.clear()
      for (const span of spans) if (this.#end(span)) ended++
    }
    this.live = false
    isolate.live.splice(isolate.live.indexOf(this), 1)
    return ended
  }

  #end(span: OpenSpan): boolean {
    try {
      if (span.isRecording?.() === false) return false
      span.setAttribute?.(ATTRIBUTE.unfinished, true)
      span.end()
    } catch (error) {
      this.warnings.push(`an open span could not be ended: ${toError(error).message}`)
    }
    return true
  }
}
