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
import type { Description, Lifetime, Platform, SpanOwner } from './types.ts'

/** What a handler is wrapped with: checked options, and the platform it runs on. */
export interface Wrap {
  readonly config: Config
  readonly platform: Platform<never>
}

/** One invocation of a wrapped handler. Settles as the handler does, with the same value or the same error. */
export async function invoke(wrap: Wrap, handler: AnyFunction, self: unknown, args: unknown[]): Promise<unknown> {
  ensureContextManager()
  const active = context.active()
  const outer = currentOwner(active)
  if (outer?.live) return nested(outer, wrap, handler, self, args)

  const invocation = open(wrap, handler, args, active)
  if (!invocation) return Reflect.apply(handler, self, args)
  try {
    const result = await running(invocation, () => context.with(invocation.context, handler, self, ...args))
    const { reflect } = wrap.platform
    if (reflect) guarded(wrap.config, 'reading the result', () => reflect(invocation.root, invocation.description, result))
    return result
  } catch (thrown) {
    guarded(wrap.config, 'recording the error', () => recordError(invocation.root, thrown))
    throw thrown
  } finally {
    try {
      const held = hold(wrap, args, invocation, active)
      if (held) await held
    } catch (thrown) {
      // Whatever the platform does, the handler's own result or error is what comes out.
      guarded(wrap.config, 'the flush', () => Promise.reject(thrown))
    }
  }
}

/** A wrap inside a wrap: a child span, and nothing is flushed, since the outermost will. */
async function nested(outer: SpanOwner, { config }: Wrap, handler: AnyFunction, self: unknown, args: unknown[]) {
  const span = guarded(config, 'opening a child span', () => outer.span(config.name ?? (handler.name || 'handler')))
  if (!span) return Reflect.apply(handler, self, args)
  try {
    return await context.with(trace.setSpan(contextWithin(outer), span), handler, self, ...args)
  } catch (thrown) {
    guarded(config, 'recording the error', () => recordError(span, thrown))
    throw thrown
  } finally {
    guarded(config, 'ending a child span', () => span[Symbol.dispose]())
  }
}

function open(wrap: Wrap, handler: AnyFunction, args: unknown[], active: Context): InvocationState | undefined {
  const { config } = wrap
  try {
    const description = describe(wrap, handler, args, active)
    const invocation = new InvocationState(config.telemetry, wrap.platform.timers !== false)
    const within = owned(description.parent, invocation)
    const { name, kind, links, attributes } = description
    const root = tracerOf(config.telemetry).startSpan(name, { kind, links, attributes }, within)
    invocation.begin(root, within, description)
    if (root.isRecording()) reportPrevious(root)
    if (config.telemetry.needsProvider) warnUnlessRecorded(root, description.parent, config)
    const { begun } = wrap.platform
    if (begun) guarded(config, 'telling the platform', () => begun(args as never))
    return invocation
  } catch (thrown) {
    // Telemetry that cannot even start must not keep the handler from running.
    guarded(config, 'opening the invocation', () => Promise.reject(thrown))
    return undefined
  }
}

function describe({ config, platform }: Wrap, handler: AnyFunction, args: unknown[], active: Context): Description {
  const description: Description = platform.describe(args as never, active)
  description.name = config.name ?? (description.name || handler.name || 'invocation')
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

/** Flushes, as far as the response has to wait for it. */
function hold(wrap: Wrap, args: unknown[], invocation: InvocationState, outside: Context): PromiseLike<void> | void {
  const { config, platform } = wrap
  const lifetime = guarded(config, 'reading the lifetime', () => platform.lifetime?.(args as never)) ?? AWAIT
  const { phase, reason } = lifetime
  const expected = config.flush === 'after-response' || (config.flush === 'auto' && reason !== undefined)
  if (expected && phase === 'before-response' && once('after-response')) {
    config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it${reason ? `: ${reason}` : ''}`)
  }
  const remainingMs = guarded(config, 'reading the remaining time', () => platform.remainingMs?.(args as never))
  const deadline = new Deadline(Math.min(config.timeoutMs, remainingMs ?? Infinity))
  return lifetime.hold(() => finish(config, lifetime, deadline, invocation, outside))
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
