/**
 * The end of an invocation: dispose → flush → report.
 *
 * @module
 */
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { clearAlarm } from './alarm.ts'
import { Deadline, settledWithin } from './deadline.ts'
import { type FlushResult, flush } from './flush.ts'
import { InvocationState } from './invocation.ts'
import { isolate, once } from './isolate.ts'
import type { Wrap } from './lifecycle.ts'
import { attempt, complain, makeReport, noSpans, publish } from './report.ts'
import { isThenable } from './stage.ts'
import { untraced } from './suppress.ts'
import type { FlushReport, Lifetime, Phase } from './types.ts'

/** The response waits for the flush. */
export const AWAIT: Lifetime = { phase: 'before-response', hold: (finish) => finish() }

/**
 * The handler has settled: flushes, as far as the response has to wait for it. Whatever the platform does, it neither
 * throws nor rejects.
 */
export function hold(invocation: InvocationState): Promise<unknown> | void {
  const { wrap, args } = invocation
  const { config, platform } = wrap
  clearAlarm(invocation.alarm)
  const lifetime = attempt(config, 'reading the lifetime', () => platform.lifetime?.(args as never)) ?? AWAIT
  if (config.flush !== 'before-response') warnUnlessAfter(invocation, lifetime)
  if (lifetime.phase !== 'before-response') {
    // The response does not wait, so that the root's time is over. What background work still records belongs to it.
    if (invocation.background) invocation.settledAt = Date.now()
    else end(invocation)
  }
  const defer = () => {
    end(invocation)
    config.telemetry.defer?.(invocation)
  }
  try {
    const held = lifetime.hold(() => finish(invocation, lifetime.phase), defer)
    return isThenable(held) ? Promise.resolve(held).catch((thrown: unknown) => complain(config, 'the flush', thrown)) : undefined
  } catch (thrown) {
    complain(config, 'the flush', thrown)
  }
}

function warnUnlessAfter({ wrap: { config, platform } }: InvocationState, { phase, reason }: Lifetime): void {
  if (phase !== 'before-response' || (config.flush === 'auto' && reason === undefined)) return
  if (!once('after-response')) return
  const why = reason ? `: ${reason}` : ''
  config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it${why}`)
}

/** Once background work is done, and an earlier flush of the same invocation: dispose → flush → report. */
function finish(invocation: InvocationState, phase: Phase): FlushReport | Promise<FlushReport> {
  const deadline = deadlineFor(invocation)
  const { background, flushing } = invocation
  if (flushing) return flushing.then(() => finish(invocation, phase))
  if (!background) return conclude(invocation, phase, deadline)
  return settledWithin(background, deadline, false).then((inTime) => {
    if (!inTime) invocation.warnings.push('background work was not over in time')
    deadline.elapsedMs()
    return conclude(invocation, phase, deadline)
  })
}

/** @param budgetMs milliseconds that the platform leaves, if that is not for its `remainingMs` to say */
function deadlineFor({ wrap: { config, platform }, args, timers }: InvocationState, budgetMs?: number): Deadline {
  const leftMs = budgetMs ?? attempt(config, 'reading the remaining time', () => platform.remainingMs?.(args as never))
  return new Deadline(Math.min(config.timeoutMs, leftMs ?? Infinity), timers)
}

function conclude(invocation: InvocationState, phase: Phase, deadline: Deadline): FlushReport | Promise<FlushReport> {
  end(invocation)
  const { config } = invocation.wrap
  const report = (result: FlushResult) => {
    invocation.flushing = undefined
    const spans = config.telemetry.count?.(invocation) ?? noSpans()
    spans.endedByDispose = invocation.endedByDispose
    return publish(makeReport(result, spans, phase, invocation.warnings), config)
  }
  const result = untraced(() => flush(config.telemetry.stages, deadline, invocation))
  if (!(result instanceof Promise)) return report(result)
  const reported = result.then(report)
  invocation.flushing = reported
  return reported
}

function end(invocation: InvocationState): void {
  if (!invocation.live) return
  invocation.dispose()
  const around = trace.getSpan(invocation.outside)
  if (around?.isRecording() && around.spanContext().traceId === invocation.root.spanContext().traceId) {
    invocation.warnings.push('a span outside the wrap is still open: flushed is not the outermost wrapper')
  }
}

/**
 * Flushes what is left of a telemetry that no invocation is about to flush. Never rejects.
 *
 * @param budgetMs milliseconds that this may take, if that is less than the options allow
 */
export async function flushLeftovers(wrap: Wrap, phase: Phase, budgetMs?: number): Promise<FlushReport> {
  const nobody = new InvocationState(wrap, [], ROOT_CONTEXT)
  nobody.live = false
  return conclude(nobody, phase, deadlineFor(nobody, budgetMs))
}

/**
 * Ends and flushes whatever is still running, and flushes what is left of all telemetries. Never rejects.
 *
 * @param wraps those whose telemetries may have something left
 */
export async function shutdown(wraps: Iterable<Wrap>, cause: Error, budgetMs: number): Promise<void> {
  const leftovers = new Map([...wraps].map((wrap) => [wrap.config.telemetry, wrap]))
  const ends: Promise<unknown>[] = []
  // A list of its own: what is ended leaves the other one.
  const live = isolate.live.filter((owner) => owner instanceof InvocationState)
  for (const invocation of live) {
    leftovers.delete(invocation.telemetry)
    ends.push(endEarly(invocation, 'shutdown', cause, budgetMs))
  }
  for (const wrap of leftovers.values()) ends.push(flushLeftovers(wrap, 'shutdown', budgetMs))
  await Promise.all(ends)
}

/**
 * Ends and flushes an invocation whose handler has not settled, and may never. Should it settle after all, its result
 * stands, and what it has recorded since is late. Never rejects.
 *
 * @param cause becomes the error of the root and of every open span
 * @param budgetMs milliseconds that this may take, if not as many as the platform says
 */
export async function endEarly(invocation: InvocationState, phase: Phase, cause: Error, budgetMs?: number): Promise<void> {
  clearAlarm(invocation.alarm)
  invocation.dispose(cause)
  // Its spans have been handed over by now; what the flush before has not sent goes with this one.
  if (invocation.flushing) await invocation.flushing
  await conclude(invocation, phase, deadlineFor(invocation, budgetMs))
}
