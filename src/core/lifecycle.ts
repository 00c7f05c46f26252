/**
 * The one lifecycle: open → run → settle → dispose → flush → report.
 *
 * Wrappers, middlewares, decorators and extension loops only tell it what the event is, how long it may live and when
 * the handler has settled.
 *
 * @module
 */
import { type AttributeValue, type Attributes, type Context, ROOT_CONTEXT, type Span, SpanKind, context, trace } from '@opentelemetry/api'
import * as ATTRIBUTE from './attributes.ts'
import { ensureContextManager } from './context-manager.ts'
import { contextWithin, currentOwner } from './current.ts'
import { environment } from './environment.ts'
import { hold, release } from './finish.ts'
import { InvocationState } from './invocation.ts'
import { isolate, once, running } from './isolate.ts'
import type { AnyFunction } from './layer.ts'
import type { Config } from './options.ts'
import { owned } from './owned-context.ts'
import { attempt, complain, remark } from './report.ts'
import { recordError, tracerOf } from './span.ts'
import { isThenable } from './stage.ts'
import { isUntraced } from './suppress.ts'
import type { Description, Platform } from './platform.ts'
import type { SpanOwner } from './types.ts'

/** What a handler is wrapped with: checked options, and the platform it runs on. */
export interface Wrap {
  readonly config: Config
  readonly platform: Platform<never>
}

type Follow = NonNullable<Platform<never>['follow']>

/** How a handler has settled. */
export type Settled = { result: unknown } | { readonly thrown: unknown }

/** An invocation, or a child span of the invocation around it, that is open and will be settled. */
export interface Begun {
  readonly owner: SpanOwner
  /** The context that the handler has to run in, one way or another. */
  readonly context: Context
  /** Whether what runs in that context is still a part of this. */
  live(): boolean
  /**
   * Records how the handler has settled, ends what is open, and flushes if this is the outermost. The response waits for what
   * this returns, which never rejects. Call it once. A result that goes on is replaced by one that is followed.
   */
  settle(how: Settled): Promise<unknown> | void
}

/**
 * Runs one invocation of a wrapped handler. Returns or throws the handler's own value or error: at once, if the handler does so
 * at once and nobody has to wait for the flush.
 */
export function invoke(wrap: Wrap, handler: AnyFunction, self: unknown, args: unknown[]): unknown {
  const begun = begin(wrap, handler.name, args)
  if (!begun) return Reflect.apply(handler, self, args)
  let how: Settled
  try {
    const result: unknown = running(begun.owner, () => context.with(begun.context, handler, self, ...args))
    // The queries of some libraries begin when they are waited for, and belong to this invocation.
    if (isThenable(result)) return settled(begun, result instanceof Promise ? result : context.with(begun.context, async () => result))
    how = { result }
  } catch (thrown) {
    how = { thrown }
  }
  const held = begun.settle(how)
  return held ? held.then(() => outcomeOf(how)) : outcomeOf(how)
}

async function settled(begun: Begun, result: PromiseLike<unknown>): Promise<unknown> {
  let how: Settled
  try {
    how = { result: await result }
  } catch (thrown) {
    how = { thrown }
  }
  const held = begun.settle(how)
  if (held) await held
  return outcomeOf(how)
}

function outcomeOf(how: Settled): unknown {
  if ('thrown' in how) throw how.thrown
  return how.result
}

/**
 * Opens an invocation now, to be settled later: for callers that are told of a handler's start and end, but do not call it.
 *
 * @returns `undefined` if nothing could be opened. Then run the handler without: telemetry must not keep it from running
 */
export function begin(wrap: Wrap, name: string, args: unknown[]): Begun | undefined {
  ensureContextManager()
  const active = context.active()
  const outer = currentOwner(active)
  // `try` is written out here and below: a closure for each invocation takes a twentieth of the time that all of this takes.
  try {
    return outer?.live ? nested(wrap, outer, name, args) : open(wrap, name, args, active)
  } catch (thrown) {
    return complain(wrap.config, 'opening the invocation', thrown)
  }
}

/** Opens a wrap inside a wrap: a child span. Nothing is flushed, since the outermost wrap will flush. */
function nested({ config, platform }: Wrap, owner: SpanOwner, name: string, args: unknown[]): Begun {
  const span = owner.span(config.name ?? (name || 'handler'), { attributes: withOptions({}, config, args) })
  const over = attempt(config, 'telling the platform', () => platform.nested?.(args as never))
  let settled = false
  return {
    owner,
    context: trace.setSpan(contextWithin(owner), span),
    live: () => owner.live && !settled,
    settle: (how) =>
      attempt(config, 'ending a child span', () => {
        if ('thrown' in how) reflectThrown(platform, span, how.thrown, args)
        settled = true
        span[Symbol.dispose]()
        over?.()
      }),
  }
}

function open(wrap: Wrap, handlerName: string, args: unknown[], active: Context): Begun {
  const { config, platform } = wrap
  const description = describe(wrap, handlerName, args, active)
  const owner = new InvocationState(wrap, args, active)
  const { name, links, attributes, parent } = description
  // Requests are counted by their spans: if an instrumentation has recorded this request, the root is only a part of that.
  const told = (trace.getSpan(parent) as { kind?: SpanKind } | undefined)?.kind === description.kind
  const kind = told ? SpanKind.INTERNAL : description.kind
  const within = owned(parent, owner)
  const root = tracerOf(config.telemetry).startSpan(name, { kind, links, attributes }, within)
  // Otherwise an invocation that another one has started would keep that one in memory, and so on.
  description.parent = ROOT_CONTEXT
  owner.begin(root, within, description)
  if (root.isRecording()) complete(root, description)
  if (config.telemetry.needsProvider) warnUnlessRecorded(owner, parent)
  try {
    platform.begun?.(args as never, owner)
  } catch (thrown) {
    complain(config, 'telling the platform', thrown)
  }
  return new Outermost(owner)
}

class Outermost implements Begun {
  constructor(readonly owner: InvocationState) {}

  get context(): Context {
    return this.owner.context
  }

  live(): boolean {
    return this.owner.live
  }

  settle(how: Settled): Promise<unknown> | void {
    return settle(this.owner, how)
  }
}

function settle(owner: InvocationState, how: Settled): Promise<unknown> | void {
  const { wrap, root, description, args } = owner
  const { config, platform } = wrap
  try {
    if ('result' in how) platform.reflect?.(root, description, how.result, args as never)
    else reflectThrown(platform, root, how.thrown, args)
  } catch (thrown) {
    complain(config, 'reading the result', thrown)
  }
  return platform.follow && 'result' in how ? followed(owner, how, platform.follow) : hold(owner)
}

// What is thrown, and what a handler is called with, may throw when it is looked at: then what was thrown counts as an error.
function reflectThrown(platform: Wrap['platform'], span: Span, thrown: unknown, args: unknown[]): void {
  let passes: boolean | undefined
  try {
    passes = platform.reflectThrown?.(span, thrown, args as never)
  } catch {}
  if (!passes) recordError(span, thrown)
}

async function followed(owner: InvocationState, how: { result: unknown }, follow: Follow): Promise<void> {
  let held: Promise<unknown> | void = undefined
  let tell!: () => void
  const goingOn = { waiting: 1, work: new Promise<void>((resolve) => (tell = resolve)) }
  const over = () => {
    goingOn.waiting = 0
    tell()
    return (held ??= hold(owner))
  }
  try {
    how.result = await follow(how.result, owner, over)
  } catch (thrown) {
    complain(owner.wrap.config, 'following the result', thrown)
    void over()
  }
  if (goingOn.waiting) release(owner, goingOn)
  else await held
}

function describe({ config, platform }: Wrap, handlerName: string, args: unknown[], active: Context): Description {
  const description: Description = platform.describe(args as never, active)
  description.name = config.name ?? (description.name || handlerName || 'invocation')
  withOptions(description.attributes, config, args)
  return description
}

function withOptions(attributes: Attributes, config: Config, args: unknown[]): Attributes {
  const given = config.attributes
  if (!given) return attributes
  return Object.assign(attributes, typeof given === 'function' ? attempt(config, '`attributes`', () => given(...(args as never))) : given)
}

// Runs after the start, since no sampler decides by these attributes. The next span that is recorded reports the last flush:
// on any other, nobody would ever see it.
function complete(root: Span, { attributes, constant }: Description): void {
  for (const key in constant) if (!(key in attributes)) root.setAttribute(key, constant[key] as AttributeValue)
  const { previous } = isolate
  if (!previous) return
  root.setAttribute(ATTRIBUTE.previousDuration, previous.durationMs)
  root.setAttribute(ATTRIBUTE.previousOutcome, previous.outcome)
  isolate.previous = undefined
}

// A provider that was registered through another copy of the API is as absent as no provider at all.
function warnUnlessRecorded(owner: InvocationState, parent: Context): void {
  const { root, wrap: { config } } = owner
  if (root.isRecording()) {
    if (owner.told || !config.telemetry.needsProcessor) return
    return remark(owner, 'processor', 'no spans reach `otel()` as they start: is its `spanProcessor` one of the tracer provider?')
  }
  // A provider that has sampled a span out is there. Asked first: to read the environment takes as long as a tenth of a wrap.
  // Without a provider, the root has its parent's identifier, or else the invalid one.
  if (root.spanContext().spanId !== (trace.getSpanContext(parent)?.spanId ?? '0000000000000000')) return
  if (isUntraced(parent) || /^true$/i.test(environment('OTEL_SDK_DISABLED') as string) || !once('provider')) return
  config.warn(
    'flushed: no OpenTelemetry tracer provider records spans: is one registered, with the same copy of @opentelemetry/api?',
  )
}
