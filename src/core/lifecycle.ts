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
import { clock } from './clock.ts'
import { ensureContextManager } from './context-manager.ts'
import { contextWithin, currentOwner } from './current.ts'
import { hold, release } from './finish.ts'
import { InvocationState } from './invocation.ts'
import { isolate, once, running } from './isolate.ts'
import type { AnyFunction } from './layer.ts'
import type { Config } from './options.ts'
import { owned } from './owned-context.ts'
import { attempt, complain } from './report.ts'
import { recordError, tracerOf } from './span.ts'
import type { Description, DisposableSpan, FlushReport, Platform, SpanOwner } from './types.ts'

/** What a handler is wrapped with: checked options, and the platform it runs on. */
export interface Wrap {
  readonly config: Config
  readonly platform: Platform<never>
}

/** How a handler has settled. */
export type Settled = { result: unknown } | { readonly thrown: unknown }

/** An invocation, or a child span of the one around it, that is open and will be settled. */
export interface Begun {
  readonly owner: SpanOwner
  /** What the handler has to run in, one way or another. */
  readonly context: Context
  /** Whether what runs in that context is still a part of it. */
  readonly live: boolean
  /**
   * Takes down how the handler has settled, ends what is open, and flushes if this is the outermost. The response waits
   * for what it returns, which never rejects. To be called once. A result that goes on is replaced by one that is followed.
   */
  settle(how: Settled): Promise<unknown> | void
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
  return outer?.live ? nested(wrap.config, outer, name) : open(wrap, name, args, active)
}

// Classes, since an object literal with a getter costs more than all the rest of a wrap.
class Outermost implements Begun {
  constructor(readonly owner: InvocationState) {}

  get context(): Context {
    return this.owner.context
  }

  get live(): boolean {
    return this.owner.live
  }

  settle(how: Settled): Promise<unknown> | void {
    const { owner } = this
    const { wrap, root, description } = owner
    const { config, platform } = wrap
    if ('thrown' in how) attempt(config, 'recording the error', () => recordError(root, how.thrown))
    else {
      if (platform.reflect) attempt(config, 'reading the result', () => platform.reflect?.(root, description, how.result))
      if (platform.follow) return this.#follow(how, platform.follow)
    }
    return hold(owner)
  }

  async #follow(how: { result: unknown }, follow: NonNullable<Platform<never>['follow']>): Promise<void> {
    const { owner } = this
    let held: Promise<unknown> | void = undefined
    let tell: (() => void) | undefined
    const work = new Promise<void>((resolve) => (tell = resolve))
    const over = () => {
      tell?.()
      tell = undefined
      return (held ??= hold(owner))
    }
    try {
      how.result = await follow(how.result, owner, over)
    } catch (thrown) {
      complain(owner.wrap.config, 'following the result', thrown)
      void over()
    }
    if (tell) release(owner, { get waiting() { return tell ? 1 : 0 }, work })
    else await held
  }
}

/** A wrap inside a wrap: a child span, and nothing is flushed, since the outermost will. */
class Nested implements Begun {
  readonly context: Context

  constructor(
    readonly config: Config,
    readonly owner: SpanOwner,
    readonly span: DisposableSpan,
  ) {
    this.context = trace.setSpan(contextWithin(owner), span)
  }

  get live(): boolean {
    return this.span.isRecording()
  }

  settle(how: Settled): void {
    if ('thrown' in how) attempt(this.config, 'recording the error', () => recordError(this.span, how.thrown))
    attempt(this.config, 'ending a child span', () => this.span[Symbol.dispose]())
  }
}

function nested(config: Config, outer: SpanOwner, name: string): Nested | undefined {
  const span = attempt(config, 'opening a child span', () => outer.span(config.name ?? (name || 'handler')))
  return span && new Nested(config, outer, span)
}

function open(wrap: Wrap, handlerName: string, args: unknown[], active: Context): Outermost | undefined {
  const { config, platform } = wrap
  try {
    const now = clock().now()
    for (const owner of isolate.live.filter(({ expiresAt }) => expiresAt < now)) owner.abandon()
    const description = describe(wrap, handlerName, args, active)
    const invocation = new InvocationState(wrap, args, active)
    const within = owned(description.parent, invocation)
    const { name, kind, links, attributes } = description
    const root = tracerOf(config.telemetry).startSpan(name, { kind, links, attributes }, within)
    invocation.begin(root, within, description)
    if (isolate.previous && root.isRecording()) reportPrevious(root, isolate.previous)
    if (config.telemetry.needsProvider) warnUnlessRecorded(root, description.parent, config)
    attempt(config, 'telling the platform', () => platform.begun?.(args as never, invocation))
    return new Outermost(invocation)
  } catch (thrown) {
    // Telemetry that cannot even start must not keep the handler from running.
    complain(config, 'opening the invocation', thrown)
    return undefined
  }
}

function describe({ config, platform }: Wrap, handlerName: string, args: unknown[], active: Context): Description {
  const description: Description = platform.describe(args as never, active)
  description.name = config.name ?? (description.name || handlerName || 'invocation')
  const attributes: Attributes = description.attributes
  const more = config.attributes
  if (typeof more === 'function') attempt(config, '`attributes`', () => Object.assign(attributes, more(...(args as never))))
  else if (more) Object.assign(attributes, more)
  return description
}

// After the start, since no sampler decides by it, and on the next span that is recorded, or nobody would ever see it.
function reportPrevious(root: Span, { durationMs, outcome }: Pick<FlushReport, 'durationMs' | 'outcome'>): void {
  root.setAttribute(ATTRIBUTE.previousDuration, durationMs)
  root.setAttribute(ATTRIBUTE.previousOutcome, outcome)
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
