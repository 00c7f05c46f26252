/** Runs the operations of a program as the code of one invocation's handler. */
import { ROOT_CONTEXT, type Span, type Tracer, context, trace as api } from '@opentelemetry/api'
import { adopt, span, waitUntil } from 'flushed'
import type { AnyFunction } from '../../src/core/layer.ts'
import type { Settled } from '../../src/core/lifecycle.ts'
import type { Ending, Op } from './program.ts'
import type { Request } from './requests.ts'
import type { Adopted, Recorded, Trace } from './trace.ts'

/** What the code of a handler may use. */
export interface Surroundings {
  readonly trace: Trace
  readonly tracer: Tracer
  readonly request: Request
  sleep(ms: number): Promise<void>
  forceFlush(): Promise<void>
  /** Wraps a function that is called inside the handler. */
  wrap(name: string, inner: AnyFunction): () => Promise<unknown>
}

/** Functions that return something to wait for. Synchronous code does not call them, as it cannot wait. */
type Steps = Generator<() => PromiseLike<unknown>>

const never = () => new Promise<never>(() => {})
const nothing = (): void => {}

/** The span of a caller, in another process. */
const CALLER = 'b7ad6b7169203331'

export class Code {
  #started = 0

  constructor(
    readonly owner: number,
    readonly its: Surroundings,
  ) {}

  /** A function that runs the operations, and then ends: with a promise, or, if `sync`, without one. */
  function(ops: Op[], ending: Ending, sync: boolean, settled: (how: Settled) => void = nothing): AnyFunction {
    const end = () => {
      if (ending === 'never') return never()
      const how = ending === 'returns' ? { result: {} } : { thrown: ending === 'throws' ? new Error('the handler has failed') : undefined }
      settled(how)
      if ('thrown' in how) throw how.thrown
      return how.result
    }
    if (!sync) return () => this.#run(ops).then(end)
    return () => {
      this.#runNow(ops)
      return end()
    }
  }

  async #run(ops: Op[]): Promise<void> {
    for (const wait of this.#steps(ops, false)) await wait()
  }

  #runNow(ops: Op[]): void {
    for (const _ of this.#steps(ops, true));
  }

  *#steps(ops: Op[], sync: boolean): Steps {
    for (const op of ops) yield* this.#step(op, sync)
  }

  *#step(op: Op, sync: boolean): Steps {
    const { request, sleep, forceFlush } = this.its
    switch (op.op) {
      case 'start':
        return void this.#start(op)
      case 'end':
        return this.#pick(op.which, ({ ended, isRoot }) => ended === undefined && !isRoot)?.span.end()
      case 'adopt':
        return this.#adopt()
      case 'turns':
        for (let turn = 0; turn < op.count; turn++) yield () => Promise.resolve()
        return
      case 'sleep':
        return yield () => sleep(op.ms)
      case 'flush':
        return void context.with(op.inside ? context.active() : ROOT_CONTEXT, forceFlush).catch(nothing)
      case 'span of nobody':
        return this.#startNobodys(op)
      case 'float':
        return void this.#run(op.ops)
      case 'background': {
        const work = this.function(op.ops, op.ending, false)() as Promise<unknown>
        return op.through === 'platform' ? request.waitUntil(work) : waitUntil(work)
      }
      case 'scope':
        return yield* this.#scope(op, sync)
      case 'wrapped':
        return yield* this.#wrapped(op, sync)
    }
  }

  #start({ below, by }: Extract<Op, { op: 'start' }>): void {
    const { trace, tracer } = this.its
    const parent = below === 'active' ? undefined : this.#pick(below, () => true)
    let within = parent ? api.setSpan(context.active(), parent.span) : context.active()
    // After the invocation is over, the trace alone would not tell whose span it is.
    const byTrace = by === 'trace' && trace.isLive(this.owner)
    if (byTrace) within = api.setSpan(ROOT_CONTEXT, api.getSpan(within) as Span)
    if (by === 'helper') context.with(within, () => span(this.#name()))
    else tracer.startSpan(this.#name(), {}, within)
  }

  /** Starts a span that is recorded elsewhere: in a trace of its own, or in this trace, for another request of the same caller. */
  #startNobodys({ sameTrace, ms }: Extract<Op, { op: 'span of nobody' }>): void {
    const { trace, tracer, sleep } = this.its
    const root = sameTrace ? trace.spansOf(this.owner).find(({ isRoot }) => isRoot)?.span.spanContext() : undefined
    const caller = root ? api.setSpanContext(ROOT_CONTEXT, { ...root, spanId: CALLER, isRemote: true }) : ROOT_CONTEXT
    const started = tracer.startSpan(`:${++this.#started}`, {}, caller)
    if (ms === 0) started.end()
    else void sleep(ms).then(() => started.end())
  }

  #name(): string {
    return `${this.owner}:${++this.#started}`
  }

  #pick(which: number, among: (span: Recorded) => boolean): Recorded | undefined {
    const spans = [...this.its.trace.spans.values()].filter((span) => span.owner === this.owner && among(span))
    return spans[which % spans.length]
  }

  #adopt(): void {
    const { trace } = this.its
    const parent = trace.spans.get(String(api.getSpanContext(context.active())?.spanId))
    const thing: Adopted = { owner: this.owner, parent, whileLive: trace.isLive(this.owner) }
    trace.adopted.push(thing)
    adopt(thing, () => void (thing.ended = trace.log({ what: 'adopted ended', thing })))
  }

  *#scope({ ops, forgotten }: Extract<Op, { op: 'scope' }>, sync: boolean): Steps {
    const opened = this.its.tracer.startSpan(this.#name(), {}, context.active())
    const inside = api.setSpan(context.active(), opened)
    if (sync) context.with(inside, () => this.#runNow(ops))
    else yield () => context.with(inside, () => this.#run(ops))
    if (!forgotten) opened.end()
  }

  *#wrapped({ ops, ending }: Extract<Op, { op: 'wrapped' }>, sync: boolean): Steps {
    // Outside of its invocation, this wrap would be the outermost one.
    if (!this.its.trace.isLive(this.owner)) return
    const called = this.its.wrap(this.#name(), this.function(ops, ending, sync))().catch(nothing)
    if (!sync) yield () => called
  }
}
