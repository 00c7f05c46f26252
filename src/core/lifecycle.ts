/**
 * The one lifecycle: open → run → settle → dispose → flush → report.
 *
 * Wrappers, middlewares, decorators and extension loops only tell it what the event is, how long it may live and when
 * the handler has settled.
 *
 * @module
 */
import { type Attributes, type Context, type Span, context, isSpanContextValid, trace } from '@opentelemetry/api'
import { ATTRIBUTE } from './attributes.ts'
import { ensureContextManager } from './context-manager.ts'
import { contextWithin, currentOwner, owned } from './current.ts'
import { Deadline, settledWithin } from './deadline.ts'
import { toError } from './errors.ts'
import { type FlushResult, flush } from './flush.ts'
import { InvocationState } from './invocation.ts'
import { isolate, once, running } from './isolate.ts'
import type { AnyFunction } from './layer.ts'
import type { Config } from './options.ts'
import { guarded, makeReport, noSpans, publish } from './report.ts'
import { recordError, tracerOf } from './span.ts'
import type { Description, DisposableSpan, Lifetime, Platform, SpanOwner } from './types.ts'

/** What a handler is wrapped with: checked options, and the platform it runs on. */
export interface Wrap {
  readonly config: Config
  readonly platform: Platform<never>
}

/** How a handler has settled. */
export type Settled = { readonly result: unknown } | { readonly thrown: unknown }

/** An invocation, or a child span of the one around it, that is open and will be settled. */
export interface Begun {
  readonly owner: SpanOwner
  /** What the handler has to run in, one way or another. */
  readonly context: Context
  /** Whether what runs in that context is still a part of it. */
  readonly live: boolean
  /**
   * Takes down how the handler has settled, ends what is open, and flushes if this is the outermost. The response waits
   * for what it returns, which never rejects. To be called once.
   */
  settle(how: Settled): Promise<void> | void
}

/** One invocation of a wrapped handler. Settles as the handler does, with the same value or the same error. */
export async function invoke(wrap: Wrap, handler: AnyFunction, self: unknown, args: unknown[]): Promise<unknown> {
  const begun = begin(wrap, handler.name, args)
  if (!begun) return Reflect.apply(handler, self, args)
  let how: Settled
  try {
    how = { result: await running(begun.owner, () => context.with(begun.context, handler, self, ...args)) }
  } catch (thrown) {
    how = { thrown }
  }
  const held = begun.settle(how)
  if (held) await held
  if ('thrown' in how) throw how.thrown
  return how.result
}

/**
 * Opens an invocation now, to be settled later: for those who are told of a handler's start and end, but do not call it.
 *
 * @returns `undefined` if nothing could be opened, and the handler has to run without
 */
export function begin(wrap: Wrap, name: string, args: unknown[]): Begun | undefined {
  ensureContextManager()
  const active = context.active()
  const outer = currentOwner(active)
  if (outer?.live) return guarded(wrap.config, 'opening a child span', () => new Nested(wrap.config, outer, name))
  const invocation = open(wrap, name, args, active)
  return invocation && new Outermost(wrap, args, invocation, active)
}

// Classes, since an object literal with a getter costs more than all the rest of a wrap.
class Outermost implements Begun {
  readonly owner: InvocationState
  readonly #wrap: Wrap
  readonly #args: unknown[]
  readonly #outside: Context

  constructor(wrap: Wrap, args: unknown[], owner: InvocationState, outside: Context) {
    this.owner = owner
    this.#wrap = wrap
    this.#args = args
    this.#outside = outside
  }

  get context(): Context {
    return this.owner.context
  }

  get live(): boolean {
    return this.owner.live
  }

  settle(how: Settled): Promise<void> | void {
    const { config, platform } = this.#wrap
    const { root, description } = this.owner
    if ('thrown' in how) guarded(config, 'recording the error', () => recordError(root, how.thrown))
    else if (platform.reflect) guarded(config, 'reading the result', () => platform.reflect?.(root, description, how.result))
    return hold(this.#wrap, this.#args, this.owner, this.#outside)
  }
}

/** A wrap inside a wrap: a child span, and nothing is flushed, since the outermost will. */
class Nested implements Begun {
  readonly context: Context
  readonly #span: DisposableSpan
  readonly #config: Config

  constructor(
    config: Config,
    readonly owner: SpanOwner,
    name: string,
  ) {
    this.#config = config
    this.#span = owner.span(config.name ?? (name || 'handler'))
    this.context = trace.setSpan(contextWithin(owner), this.#span)
  }

  get live(): boolean {
    return this.#span.isRecording()
  }

  settle(how: Settled): void {
    if ('thrown' in how) guarded(this.#config, 'recording the error', () => recordError(this.#span, how.thrown))
    guarded(this.#config, 'ending a child span', () => this.#span[Symbol.dispose]())
  }
}

function open(wrap: Wrap, handlerName: string, args: unknown[], active: Context): InvocationState | undefined {
  const { config } = wrap
  try {
    const description = describe(wrap, handlerName, args, active)
    const invocation = new InvocationState(config.telemetry, wrap.platform.timers !== false)
    const within = owned(description.parent, invocation)
    const { name, kind, links, attributes } = description
    const root = tracerOf(config.telemetry).startSpan(name, { kind, links, attributes }, within)
    invocation.begin(root, within, description)
    if (root.isRecording()) reportPrevious(root)
    if (config.telemetry.needsProvider) warnUnlessRecorded(root, description.parent, config)
    return invocation
  } catch (thrown) {
    // Telemetry that cannot even start must not keep the handler from running.
    guarded(config, 'opening the invocation', () => Promise.reject(thrown))
    return undefined
  }
}

function describe({ config, platform }: Wrap, handlerName: string, args: unknown[], active: Context): Description {
  const description: Description = platform.describe(args as never, active)
  description.name = config.name ?? (description.name || handlerName || 'invocation')
  const attributes: Attributes = description.attributes
  const more = config.attributes
  if (typeof more === 'function') guarded(config, '`attributes`', () => Object.assign(attributes, more(...(args as never))))
  else if (more) Object.assign(attributes, more)
  return description
}

// After the start, since no sampler decides by it, and on the next span that is recorded, or nobody would ever see it.
function reportPrevious(root: Span): void {
  if (!isolate.previous) return
  root.setAttribute(ATTRIBUTE.previousDuration, isolate.previous.durationMs)
  root.setAttribute(ATTRIBUTE.previousOutcome, isolate.previous.outcome)
  isolate.previous = undefined
}

// A provider that was registered through another copy of the API is just as absent as none at all.
function warnUnlessRecorded(root: Span, parent: Context, config: Config): void {
  if (root.isRecording()) return
  const own = root.spanContext()
  const sampledOut = isSpanContextValid(own) && own.spanId !== trace.getSpanContext(parent)?.spanId
  if (sampledOut || !once('provider')) return
  config.warn(
    'flushed: no OpenTelemetry tracer provider records spans; register one before the first invocation, ' +
      'and check that the application resolves a single copy of @opentelemetry/api',
  )
}

const AWAIT: Lifetime = { phase: 'before-response', hold: (finish) => finish() }

/** Flushes, as far as the response has to wait for it. Whatever the platform does, it neither throws nor rejects. */
function hold(wrap: Wrap, args: unknown[], invocation: InvocationState, outside: Context): Promise<void> | void {
  const { config, platform } = wrap
  const lifetime = guarded(config, 'reading the lifetime', () => platform.lifetime?.(args as never)) ?? AWAIT
  if (config.flush === 'after-response' && lifetime.phase === 'before-response' && once('after-response')) {
    config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it`)
  }
  const remainingMs = guarded(config, 'reading the remaining time', () => platform.remainingMs?.(args as never))
  const deadline = new Deadline(Math.min(config.timeoutMs, remainingMs ?? Infinity))
  const complain = (thrown: unknown) => config.warn(`flushed: the flush failed: ${toError(thrown).message}`)
  try {
    const held = lifetime.hold(() => finish(config, lifetime, deadline, invocation, outside))
    return held && Promise.resolve(held).catch(complain)
  } catch (thrown) {
    complain(thrown)
  }
}

/** Dispose → flush → report, once background work is done. */
function finish(config: Config, lifetime: Lifetime, deadline: Deadline, invocation: InvocationState, outside: Context) {
  const conclude = (result: FlushResult, endedByDispose: number) => {
    const spans = config.telemetry.count?.(invocation) ?? noSpans()
    spans.endedByDispose = endedByDispose
    publish(makeReport(result, spans, lifetime.phase, deadline.elapsedMs(), invocation.warnings), config)
  }
  const end = () => {
    const endedByDispose = dispose(invocation, outside)
    const result = flush(config.telemetry.stages, deadline, invocation)
    return result instanceof Promise
      ? result.then((stages) => conclude(stages, endedByDispose))
      : conclude(result, endedByDispose)
  }
  const { background } = invocation
  if (!background) return end()
  return settledWithin(background, () => deadline.remainingMs(false)).then((inTime) => {
    if (!inTime) invocation.warnings.push('background work was not over in time')
    return end()
  })
}

function dispose(invocation: InvocationState, outside: Context): number {
  const ended = invocation.dispose()
  try {
    invocation.root.end()
  } catch (thrown) {
    invocation.warnings.push(`the root span could not be ended: ${toError(thrown).message}`)
  }
  const around = trace.getSpan(outside)
  if (around?.isRecording() && around.spanContext().traceId === invocation.root.spanContext().traceId) {
    invocation.warnings.push('a span outside the wrap is still open: flushed is not the outermost wrapper')
  }
  return ended
}
