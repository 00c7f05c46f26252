/**
 * The contract of the platforms: what the lifecycle has to know of a platform, and what the platform has to do.
 *
 * @module
 */
import type { Attributes, Context, Link, Span, SpanKind } from '@opentelemetry/api'
import type { InvocationState } from './invocation.ts'
import type { AnyFunction } from './layer.ts'
import type { FlushReport, Phase, Timers } from './types.ts'

/** What the root span of an invocation looks like. */
export interface Description {
  name: string
  kind: SpanKind
  attributes: Attributes
  /**
   * Attributes that are the same for all invocations of a process. A sampler has nothing to decide by them, so they are set
   * only on spans that are recorded. If they were given at a span's start, spans that are sampled out would pay for them, too.
   */
  constant?: Readonly<Attributes> | undefined
  links: Link[]
  /** The context that the invocation starts in: the caller's, if the caller sent one. */
  parent: Context
}

/** Runs a flush, and returns its report, if the flush makes one. Neither throws nor rejects. */
export type Finish = () => FlushReport | undefined | Promise<FlushReport | undefined>

/** What the platform lets an invocation do after its handler has settled. */
export interface Lifetime {
  readonly phase: Phase
  /** Why the flush is not after the response, if that could be expected. Logged once in an isolate. */
  readonly reason?: string | undefined
  /**
   * Whether background work is flushed apart: what the handler has recorded is sent at once, and what the work records is sent
   * when the work is over. Default: all of it goes in one flush.
   */
  readonly apart?: boolean
  /**
   * Runs `finish`, now or when the platform allows, or leaves the invocation's telemetry to the next flush (`leave`). The
   * response waits for what this returns.
   */
  hold(finish: Finish, invocation: InvocationState): unknown
}

/** A platform as the lifecycle sees it: only what is peculiar to the platform. */
export interface Platform<Args extends readonly unknown[] = readonly unknown[]> {
  readonly name: string
  /** Whether timers outlive the request that set them. Default: they do. */
  readonly timers?: boolean
  /** Whether the platform has a span of its own around every handler. Nobody can be outside of that. Default: it has none. */
  readonly around?: boolean
  /** The timers of deadlines, which are nearly always cleared before they ring. Default: the clock. */
  readonly alarms?: Timers
  /**
   * Brings a handler into the form that the lifecycle knows: a function that returns the handler's outcome, or a promise of it,
   * and returns or settles when the handler is done. Default: the handler has that form.
   */
  adapt?(handler: AnyFunction): AnyFunction
  /** Describes the root span. If it throws, the handler runs without an invocation. */
  describe(args: Args, active: Context): Description
  /** Reflects the handler's result on the root span. `description` is what `describe` has returned. */
  reflect?(root: Span, description: Description, result: unknown, args: Args): void
  /** Reflects what the handler has thrown, if that is a way to give a result. @returns whether it is; default: it is an error */
  reflectThrown?(span: Span, thrown: unknown, args: Args): boolean
  /**
   * Follows a result that may go on after the handler has settled, such as a body that is streamed. Calls `over` when the result
   * has ended; for a complete result, before this returns. Whoever waits for the end waits for what `over` returns.
   *
   * @returns what takes the result's place
   */
  follow?(result: unknown, invocation: InvocationState, over: () => Promise<unknown> | void): Promise<unknown>
  /** Called when the invocation has been opened. Each call is followed by a call of `lifetime` when the invocation is over. */
  begun?(args: Args, invocation: InvocationState): void
  /**
   * The same for a wrap inside the invocation of another wrap. The inner wrap has nothing to flush.
   *
   * @returns a function that is called when the inner wrap's handler has settled
   */
  nested?(args: Args): (() => void) | undefined
  /** Milliseconds the platform leaves for the flush, less a margin. Default: no limit. */
  remainingMs?(args: Args): number
  /** What an invocation may do from now on. Default, and if this returns `undefined`: the response waits for the flush. */
  lifetime?(args: Args, invocation: InvocationState): Lifetime | undefined
  /** Called when a flush is over. */
  reported?(report: FlushReport): void
}
