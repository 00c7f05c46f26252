/**
 * The contract of the platforms: what the lifecycle has to know of one, and what it has to do.
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
   * only on spans that are recorded: what attributes cost at a span's start, they cost those too that are sampled out.
   */
  constant?: Readonly<Attributes> | undefined
  links: Link[]
  /** The context the invocation starts in: the caller's, where it sent one. */
  parent: Context
}

/** Runs a flush, and comes to its report, if it makes one. Neither throws nor rejects. */
export type Finish = () => FlushReport | undefined | Promise<FlushReport | undefined>

/** What the platform lets an invocation do after its handler has settled. */
export interface Lifetime {
  readonly phase: Phase
  /** Why the flush is not after the response, where that could be expected. Told once an isolate. */
  readonly reason?: string | undefined
  /**
   * Whether background work is flushed apart: what the handler has recorded is sent at once, and what the work records when
   * that is over. Default: all of it goes in one flush.
   */
  readonly apart?: boolean
  /**
   * Runs `finish`, now or when the platform allows, or leaves the invocation's telemetry to the next flush (`leave`). The
   * response waits for what this returns.
   */
  hold(finish: Finish, invocation: InvocationState): unknown
}

/** A platform, as the lifecycle sees it: what is peculiar to it and nothing else. */
export interface Platform<Args extends readonly unknown[] = readonly unknown[]> {
  readonly name: string
  /** Whether timers outlive the request that set them. Default: they do. */
  readonly timers?: boolean
  /** Whether it has a span of its own around every handler, which nobody can be outside of. Default: it has none. */
  readonly around?: boolean
  /** What deadlines are set on, which are nearly always over before they ring. Default: the clock. */
  readonly alarms?: Timers
  /**
   * Brings a handler into the form that the lifecycle knows: a function whose result, or promise, is what the handler
   * comes to, and is there when the handler is done. Default: the handler has that form.
   */
  adapt?(handler: AnyFunction): AnyFunction
  /** Describes the root span. If it throws, the handler runs without an invocation. */
  describe(args: Args, active: Context): Description
  /** Reflects the handler's result on the root span. `description` is what `describe` has returned. */
  reflect?(root: Span, description: Description, result: unknown, args: Args): void
  /** Reflects what the handler has thrown, if that is a result by another way. @returns whether it is; default: it is an error */
  reflectThrown?(span: Span, thrown: unknown, args: Args): boolean
  /**
   * Follows a result that may go on after the handler has settled, such as a body that is streamed: calls `over` when it
   * has ended, which for a complete one is before it returns. Whoever waits for the end, waits for what `over` returns.
   *
   * @returns what takes the result's place
   */
  follow?(result: unknown, invocation: InvocationState, over: () => Promise<unknown> | void): Promise<unknown>
  /** The invocation has been opened. Each such call is followed by one of `lifetime`, when it is over. */
  begun?(args: Args, invocation: InvocationState): void
  /**
   * The same for a wrap inside of another's invocation, which is nothing to flush.
   *
   * @returns what is called when its handler has settled
   */
  nested?(args: Args): (() => void) | undefined
  /** Milliseconds the platform leaves for the flush, less a margin. Default: no limit. */
  remainingMs?(args: Args): number
  /** Default, and where it is `undefined`: the response waits for the flush. */
  lifetime?(args: Args, invocation: InvocationState): Lifetime | undefined
  /** A flush is over. */
  reported?(report: FlushReport): void
}
