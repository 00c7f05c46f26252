/**
 * The contracts of the ground floor. Everything above it (`otel/`, the platforms, the decorators) speaks in these
 * words, which are OpenTelemetry's and the platforms' own wherever those have one.
 *
 * @module
 */
import type { Context, Span, SpanContext, SpanOptions, SpanStatus, Tracer } from '@opentelemetry/api'

/** What sets timers. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** A source of time and timers. `fakeClock()` of `flushed/testing` is one. */
export interface Clock extends Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number
}

/** What became of a flush, or of one of its stages. */
export type Outcome = 'delivered' | 'partial' | 'timed_out' | 'failed' | 'nothing_to_send'

/** When, in the life of an invocation, a flush took place. */
export type Phase = 'before-response' | 'after-response' | 'background' | 'early-timeout' | 'shutdown'

/** Where every finished span of a flush ended up: each is in exactly one of the first three or in `carriedOver`. */
export interface SpanCounts {
  /** Spans that every exporter has acknowledged. */
  acknowledged: number
  /** Spans given up for good: refused twice, pushed out of a full buffer, or of a tracked exporter, which nobody asks again. */
  failed: number
  /** Spans whose export had not been answered at the deadline. They are sent again with the next flush, but for a tracked exporter's. */
  pending: number
  /** Spans that were still open when the handler settled, and that the invocation has ended. */
  endedByDispose: number
  /** Spans recorded after the final flush of their invocation. */
  late: number
  /** Spans kept for the next flush of this isolate, because their export failed or because they were late. */
  carriedOver: number
}

/** What one stage of a flush did. */
export interface StageReport {
  name: string
  outcome: Outcome
  /** Milliseconds from the stage's start until its last flushable had finished, or until the deadline. */
  durationMs: number
  /** The first error of the stage; all of them are in the report's `warnings`. */
  error?: Error
}

/** What one flush did. Handed to the `onFlush` option. */
export interface FlushReport {
  outcome: Outcome
  /** Milliseconds until the flush was over: from the moment the handler had settled, or from the end of work after the response. */
  durationMs: number
  phase: Phase
  stages: StageReport[]
  spans: SpanCounts
  /** Whatever a person should know, one sentence each: lost, late and timed-out telemetry by stage. */
  warnings: string[]
}

/** What a flush function is told. */
export interface FlushContext {
  /** Milliseconds left until the flush must be over. */
  readonly timeoutMs: number
  /** Aborted when that time is up. */
  readonly signal: AbortSignal
  /** The invocation whose telemetry is flushed. Where it is that of many, or of none: one that is over, and has no trace. */
  readonly invocation: SpanOwner
}

/**
 * A function that sends buffered telemetry. It may return a promise; `false` (the value, or what the promise resolves
 * to) means that it ran out of time, and `'nothing_to_send'` that it had nothing to do.
 */
export type FlushFunction = (context: FlushContext) => unknown

/** Anything with buffered telemetry: an OpenTelemetry provider, processor or exporter, a vendor SDK, a function. */
export type Flushable =
  | FlushFunction
  | { forceFlush(): unknown }
  | { flushAsync(): unknown }
  | { awaitPendingTraceBatches(): unknown }
  | { flush(timeoutMs?: number): unknown }
  | { flush(callback?: (error?: Error) => void): unknown }
  | { settled(): unknown }

/** A flushable with the name that reports call it by. */
export interface NamedFlush {
  readonly name: string
  readonly flush: FlushFunction
  /**
   * Whether there is nothing to flush of an invocation. Asked before each flush: where all flushables say so, none is called.
   * Without it there may always be something.
   */
  idle?(invocation: SpanOwner): boolean
  /** Called when its `flush` takes longer than a request in the neighbourhood does. */
  urge?(): void
  /** Whether it sends all of its state at each flush, and at its own pace by itself for as long as the process stays. */
  readonly periodic?: boolean
}

/** Flushables that are flushed at the same time. Stages run in order. */
export interface Stage {
  readonly name: string
  /** Whether this stage waits for the network. Such a stage has a share of the deadline that no other can use up. */
  readonly network?: boolean
  readonly flushables: readonly NamedFlush[]
}

/** A telemetry pipeline as the lifecycle sees it. `otel()` makes one. */
export interface Telemetry {
  /** What a flush does, in order. */
  readonly stages: readonly Stage[]
  /** Whether its spans come from an OpenTelemetry provider, so that it is worth a warning when none records. */
  readonly needsProvider?: boolean
  /** Whether it gets spans by a span processor of ours alone, so that it is worth a warning when that is not told of a root. */
  readonly needsProcessor?: boolean
  /** The tracer of the root span. Default: that of the global tracer provider. */
  tracer?(): Tracer
  /** What became of the spans since this was last asked, for one invocation. Asked when a flush of it is over. */
  count?(invocation: SpanOwner): SpanCounts
  /**
   * Resolves, and never rejects, when every export that the invocation has started has been answered, however late;
   * `undefined` if all are. For platforms on which a request that ends takes its exports with it: an exporter whose
   * request dies keeps a place for it among the few it allows, for ever.
   */
  answered?(invocation: SpanOwner): PromiseLike<unknown> | undefined
  /** Keeps the spans of an invocation, which is over, for the next flush. */
  defer?(invocation: SpanOwner): void
  /** How many spans are kept for the next flush, as a part of how many may be before they ought to be sent. */
  backlog?(): number
  /** Has `heard` called whenever a span of no invocation has ended; whoever asks last. For a process that stays. */
  strays?(heard: () => void): void
  /** Has `over` called when it has been shut down, and there is nothing to flush any more. */
  ended?: ((over: () => void) => void) | undefined
}

/** A span that ends when its scope does: `using s = span('charge')`. */
export type DisposableSpan = Span & Disposable

/** One run of a wrapped handler, as its own code may see it. */
export interface Invocation {
  /** The span that was opened for the invocation. */
  readonly root: Span
  /** The OpenTelemetry context of the invocation, for runtimes in which it has to be passed by hand. */
  readonly context: Context
  /** Whether the handler is still running: whether spans started now will be part of this invocation's flush. */
  readonly live: boolean
  /**
   * Aborted when the invocation is ended before its handler has settled: shortly before the platform's timeout, or when
   * the platform stops the sandbox. For a handler that can stop.
   */
  readonly signal: AbortSignal
  /** Keeps the invocation's flush waiting, within its deadline, for background work. Never throws, never rejects. */
  waitUntil(work: PromiseLike<unknown>): void
  /** Starts a child span that is ended at scope exit, or with the invocation. */
  span(name: string, options?: SpanOptions): DisposableSpan
  /**
   * Has `end(thing)` called with the invocation's open spans, in order, unless that is `undefined` or `null`. `end` must
   * tolerate a thing already ended. (The function `adopt` of the package's entries knows by itself how most things end.)
   */
  adopt<T>(thing: T, end: (thing: NonNullable<T>) => void): T
}

/** A span that has been started and not ended, as far as its invocation has to know it. */
export interface OpenSpan {
  end(): void
  spanContext?(): SpanContext
  /** `false` once it has ended, where it can tell. */
  isRecording?(): boolean
  setAttribute?(key: string, value: string | boolean): unknown
  setStatus?(status: SpanStatus): unknown
  readonly parentSpanContext?: { readonly spanId: string } | undefined
}

/** A span's place among the open ones of its invocation. */
export interface OpenEntry {
  /** Whose it is, until it has ended. */
  owner: SpanOwner | undefined
  /** Takes it out. Does no harm when it has been taken out already. */
  close(): void
}

/** What span processors tell an invocation. Internal to the package, and stable between its copies of one version. */
export interface SpanOwner extends Invocation {
  /** What its flush will flush. */
  readonly telemetry: Telemetry
  /** Which flush is under way. */
  readonly phase?: Phase | undefined
  /** What pipelines keep of it, each behind itself. Here, so that none needs a WeakMap: those are dear to collect. */
  notes: readonly unknown[]
  /** Whether a timer set during this invocation may outlive its turn: on workerd it would die with the request. */
  readonly timers: boolean
  /**
   * Whether its flush waits for exports that the one before has waited for in vain. Default: it makes them again, since
   * what they were made through may be gone.
   */
  readonly patient?: boolean
  /** When nothing can be heard of it any more, by the clock. */
  readonly expiresAt: number
  /** Whether what it has come to goes on for as long as two sides wish, as a WebSocket does: what that records is not late. */
  readonly lasting?: boolean
  /** Called when a span of it has ended that no flush of its own takes any more. */
  readonly late?: (() => void) | undefined
  /** Ends what died without a word; what it has recorded goes with the next flush. */
  abandon(): void
  /** Takes a span among the open ones, if there are to be any more. */
  opened(span: OpenSpan): OpenEntry
  /** Whether a span of this identifier is open, or is the root. */
  has(spanId: string): boolean
}
