/**
 * The end of an invocation: dispose → flush → report.
 *
 * @module
 */
import { type Context, trace } from '@opentelemetry/api'
import { Deadline, settledWithin } from './deadline.ts'
import { toError } from './errors.ts'
import { type FlushResult, flush } from './flush.ts'
import type { InvocationState } from './invocation.ts'
import { once } from './isolate.ts'
import type { Wrap } from './lifecycle.ts'
import type { Config } from './options.ts'
import { attempt, complain, makeReport, noSpans, publish } from './report.ts'
import { untraced } from './suppress.ts'
import type { Lifetime, Phase } from './types.ts'

const AWAIT: Lifetime = { phase: 'before-response', hold: (finish) => finish() }

/** Flushes, as far as the response has to wait for it. Whatever the platform does, it neither throws nor rejects. */
export function hold(wrap: Wrap, args: unknown[], invocation: InvocationState, outside: Context): Promise<void> | void {
  const { config, platform } = wrap
  const lifetime = attempt(config, 'reading the lifetime', () => platform.lifetime?.(args as never)) ?? AWAIT
  if (config.flush === 'after-response' && lifetime.phase === 'before-response' && once('after-response')) {
    config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it`)
  }
  const remainingMs = attempt(config, 'reading the remaining time', () => platform.remainingMs?.(args as never))
  const deadline = new Deadline(Math.min(config.timeoutMs, remainingMs ?? Infinity), invocation.timers)
  try {
    const held = lifetime.hold(() => finish(config, lifetime.phase, deadline, invocation, outside))
    return held && Promise.resolve(held).catch((thrown: unknown) => complain(config, 'the flush', thrown))
  } catch (thrown) {
    complain(config, 'the flush', thrown)
  }
}

/** Once background work is done: dispose → flush → report. */
function finish(config: Config, phase: Phase, deadline: Deadline, invocation: InvocationState, outside: Context) {
  const { background } = invocation
  if (!background) return end(config, phase, deadline, invocation, outside)
  return settledWithin(background, deadline, false).then((inTime) => {
    if (!inTime) invocation.warnings.push('background work was not over in time')
    deadline.elapsedMs()
    return end(config, phase, deadline, invocation, outside)
  })
}

function end(config: Config, phase: Phase, deadline: Deadline, invocation: InvocationState, outside: Context) {
  const endedByDispose = dispose(invocation, outside)
  const report = (result: FlushResult) => {
    const spans = config.telemetry.count?.(invocation) ?? noSpans()
    spans.endedByDispose = endedByDispose
    publish(makeReport(result, spans, phase, invocation.warnings), config)
  }
  const result = untraced(() => flush(config.telemetry.stages, deadline, invocation))
  return result instanceof Promise ? result.then(report) : report(result)
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
