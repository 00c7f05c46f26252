/**
 * The contracts of `core/`. Everything above it (`otel/`, the platforms, the decorators) uses these terms, which are
 * OpenTelemetry's and the platforms' own wherever those have a term.
 *
 * @module
 */
import type { Context, Span, SpanContext, SpanOptions, SpanStatus, Tracer } from '@opentelemetry/api'

/** Sets and clears timers. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** A source of time and timers. `fakeClock()` of `flushed/testing` is one. */
export interface Clock extends Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number
}

/** The result of a flush, or of one of its stages. */
export type Outcome = 'delivered' | 'partial' | 'timed_out' | 'failed' | 'nothing_to_send'

/** The point in an invocation's life at which a flush took place. */
export type Phase = 'before-response' | 'after-response' | 'background' | 'early-timeout' | 'shutdown'

/** What became of the finished spans of a flush: each is in exactly one of the first three counts or in `carriedOver`. */
export interface SpanCounts {
  /** Spans that every exporter has acknowledged. */
  acknowledged: number
  /**
   * Spans given up for good: refused twice, pushed out of a full buffer, or not accepted by a tracked exporter, to which
   * nothing is sent again.
   */
  failed: number
  /**
   * Spans whose export had not been answered at the deadline. They are sent again with the next flush, except those of a
   * tracked exporter.
   */
  pending: number
  /** Spans that were still open when the handler settled, and that the invocation ended. */
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
  /** The first error of the stage. The report's `warnings` have all of them. */
  error?: Error
}

/** What one flush did. Handed to the `onFlush` option. */
export interface FlushReport {
  outcome: Outcome
  /**
   * Milliseconds until the flush was over, counted from the moment the handler settled, or from the end of the work that
   * went on after the response.
   */
  durationMs: number
  phase: Phase
  stages: StageReport[]
  spans: SpanCounts
  /** What an operator should know, one sentence each: lost, late and timed-out telemetry, by stage. */
  warnings: string[]
}

/** The argument of a flush function. */
export interface FlushContext {
  /** Milliseconds left until the flush must be over. */
  readonly timeoutMs: number
  /** Aborted when that time is up. */
  readonly signal: AbortSignal
  /**
   * The invocation whose telemetry is flushed. If the telemetry is that of many invocations, or of none, this is an
   * invocation that is over and has no trace.
   */
  readonly invocation: SpanOwner
}

/**
 * A function that sends buffered telemetry. It may return a promise. A result of `false` (returned, or resolved to by the
 * promise) means that it ran out of time. A result of `'nothing_to_send'` means that it had nothing to do.
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

/** A flushable, with the name that reports use for it. */
export interface NamedFlush {
  readonly name: string
  readonly flush: FlushFunction
  /**
   * Whether an invocation has nothing to flush here. Called before each flush: if all flushables return `true`, none of them
   * is flushed. A flushable without this method may always have something to flush.
   */
  idle?(invocation: SpanOwner): boolean
  /** Called when its `flush` takes longer than a request to a nearby backend does. */
  urge?(): void
  /** Whether it sends all of its state at each flush and, as long as the process lives, also by itself at its own pace. */
  readonly periodic?: boolean
}

/**
 * Flushables that are flushed at the same time. Stages run in order. The last stage waits for the network, and has a share of the
 * deadline that the stages before it cannot use up.
 */
export interface Stage {
  readonly name: string
  readonly flushables: readonly NamedFlush[]
}

/** A telemetry pipeline as the lifecycle sees it. `otel()` makes one. */
export interface Telemetry {
  /** The stages of a flush, in order. */
  readonly stages: readonly Stage[]
  /** Whether its spans come from an OpenTelemetry provider. If so, a wrap warns when no provider records spans. */
  readonly needsProvider?: boolean
  /** Whether it gets spans only from our span processor. If so, a wrap warns when that processor is not told of a root span. */
  readonly needsProcessor?: boolean
  /** The tracer that starts root spans. Default: the global tracer provider's. */
  tracer?(): Tracer
  /** Counts, for one invocation, what became of spans since the last call. Called when a flush of the invocation is over. */
  count?(invocation: SpanOwner): SpanCounts
  /**
   * Resolves when every export that the invocation has started has been answered, however late. Never rejects. `undefined`
   * if all of them are answered already. For platforms on which a request that ends takes its exports with it: an exporter
   * allows only a few requests at a time, and goes on counting one that died, for ever.
   */
  answered?: ((invocation: SpanOwner) => PromiseLike<unknown> | undefined) | undefined
  /** Keeps for the next flush the spans of an invocation that is over. */
  defer?(invocation: SpanOwner): void
  /** The number of spans kept for the next flush, as a fraction of the number at which they should be sent. */
  backlog?(): number
  /** Calls `heard` whenever a span of no invocation has ended. A later call replaces `heard`. For a process that stays alive. */
  strays?(heard: () => void): void
  /** Calls `over` when the telemetry has been shut down, and has nothing to flush any more. */
  ended?: ((over: () => void) => void) | undefined
}

/** A span that ends when its scope ends: `using s = span('charge')`. */
export type DisposableSpan = Span & Disposable

/** One run of a wrapped handler, as the handler's own code sees it. */
export interface Invocation {
  /** The span that was opened for the invocation. */
  readonly root: Span
  /** The OpenTelemetry context of the invocation, for runtimes in which you have to pass contexts by hand. */
  readonly context: Context
  /** Whether the handler or its background work is still running, so that spans started now are part of a flush to come. */
  readonly live: boolean
  /**
   * Aborted when the invocation is ended before its handler has settled: shortly before the platform's timeout, or when
   * the platform stops the sandbox. For handlers that can stop early.
   */
  readonly signal: AbortSignal
  /**
   * Makes the flush wait for background work: within the flush's deadline if the response waits for the flush, or else for as
   * long as the platform keeps the invocation going. Never throws, never rejects.
   */
  waitUntil(work: PromiseLike<unknown>): void
  /** Starts a child span that ends at scope exit, or with the invocation. */
  span(name: string, options?: SpanOptions): DisposableSpan
  /**
   * Makes the invocation call `end(thing)` when it ends its open spans, in their order. Ignores a `thing` that is `undefined`
   * or `null`. `end` must tolerate a thing that has ended already. (The exported function `adopt` knows by itself how most
   * things end.)
   */
  adopt<T>(thing: T, end: (thing: NonNullable<T>) => void): T
}

/** What an invocation has to know of a span that has been started and has not ended. */
export interface OpenSpan {
  end(): void
  spanContext?(): SpanContext
  /** `false` once the span has ended, if the span can tell. */
  isRecording?(): boolean
  setAttribute?(key: string, value: string | boolean): unknown
  setStatus?(status: SpanStatus): unknown
  readonly parentSpanContext?: { readonly spanId: string } | undefined
}

/** A span's place among the open spans of its invocation. */
export interface OpenEntry {
  /** The invocation that the span belongs to, until the span has ended. */
  owner: SpanOwner | undefined
  /** Removes the span from the open spans. Does nothing if it has been removed already. */
  close(): void
}

/** An invocation as span processors see it. Internal to the package, and stable between copies of the same version. */
export interface SpanOwner extends Invocation {
  /** What its flush flushes. */
  readonly telemetry: Telemetry
  /** The phase of the flush that is under way, or of the last one. */
  readonly phase?: Phase | undefined
  /**
   * What pipelines store with the invocation: for each pipeline a key of its own, followed by its value. Stored here so that
   * no pipeline needs a WeakMap, which is expensive to garbage-collect.
   */
  notes: readonly unknown[]
  /** Whether the span processor of its telemetry is told of its spans. */
  told?: boolean
  /** Whether a timer set during this invocation may outlive the request. On workerd, a timer dies with its request. */
  readonly timers: boolean
  /**
   * Whether its flush waits for exports that the previous flush waited for in vain. Default: the flush makes those exports
   * again, since what carried them may be gone.
   */
  readonly patient?: boolean
  /** The time, by the clock, after which nothing can be heard of the invocation any more. */
  readonly expiresAt: number
  /** Whether its result goes on for as long as both sides wish, as a WebSocket does. What the result records is not late. */
  readonly lasting?: boolean
  /** Called when a span of the invocation has ended too late for any flush of the invocation's own. */
  readonly late?: (() => void) | undefined
  /** How many things it has left open, that no report has told of. */
  endedByDispose: number
  /** What went wrong, that no report has told of. */
  readonly warnings: string[]
  /** Ends it, and what is still open. */
  dispose(): void
  /** Adds a span to the open spans, if the invocation still accepts any. */
  opened(span: OpenSpan): OpenEntry
  /** Whether the span with this identifier is open, or is the root. */
  has(spanId: string): boolean
}
