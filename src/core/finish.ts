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
import type { FlushReport, Lifetime, Phase, SpanCounts } from './types.ts'

/** The response waits for the flush. */
export const AWAIT: Lifetime = { phase: 'before-response', hold: (finish) => finish() }

/**
 * The handler has settled: flushes, as far as the response has to wait for it. Whatever the platform does, it neither
 * throws nor rejects.
 */
export function hold(invocation: InvocationState): Promise<unknown> | void {
  const { config } = invocation.wrap
  clearAlarm(invocation.alarm)
  const lifetime = lifetimeOf(invocation)
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
    if (lifetime === AWAIT) return held instanceof Promise ? held : undefined
    if (isThenable(held)) return Promise.resolve(held).catch((thrown: unknown) => complain(config, 'the flush', thrown))
  } catch (thrown) {
    complain(config, 'the flush', thrown)
  }
}

const lifetimeOf = ({ wrap: { config, platform }, args }: InvocationState): Lifetime =>
  attempt(config, 'reading the lifetime', () => platform.lifetime?.(args as never)) ?? AWAIT

function warnUnlessAfter({ wrap: { config, platform } }: InvocationState, { phase, reason }: Lifetime): void {
  if (phase !== 'before-response' || (config.flush === 'auto' && reason === undefined)) return
  if (!once('after-response')) return
  const why = reason ? `: ${reason}` : ''
  config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it${why}`)
}

/** Once background work is done, and an earlier flush of the same invocation: dispose → flush → report. */
function finish(invocation: InvocationState, phase: Phase): FlushReport | Promise<FlushReport> {
  const { background, flushing } = invocation
  if (flushing) return flushing.then(() => finish(invocation, phase))
  if (!background) return conclude(invocation, phase, deadlineFor(invocation))
  // Where the response waits, the work has a share of the flush's time. Where it does not, it has all that the platform
  // leaves, but for the flush's time.
  const waits = phase === 'before-response'
  const deadline = waits ? deadlineFor(invocation) : leavingTime(invocation)
  return settledWithin(background, deadline, !waits).then((inTime) => {
    if (!inTime) invocation.warnings.push('background work was not over in time')
    deadline.elapsedMs()
    return conclude(invocation, phase, waits ? deadline : deadlineFor(invocation))
  })
}

function leavingTime(invocation: InvocationState): Deadline {
  const leftMs = remainingMs(invocation)
  return new Deadline(Math.max(leftMs - invocation.wrap.config.timeoutMs, leftMs / 2), invocation.timers)
}

/** @param budgetMs milliseconds that the platform leaves, if that is not for its `remainingMs` to say */
function deadlineFor(invocation: InvocationState, budgetMs?: number): Deadline {
  const leftMs = budgetMs ?? remainingMs(invocation)
  return new Deadline(Math.min(invocation.wrap.config.timeoutMs, leftMs), invocation.timers)
}

const remainingMs = ({ wrap: { config, platform }, args }: InvocationState): number =>
  attempt(config, 'reading the remaining time', () => platform.remainingMs?.(args as never)) ?? Infinity

function conclude(invocation: InvocationState, phase: Phase, deadline: Deadline): FlushReport | Promise<FlushReport> {
  end(invocation)
  const { config, platform } = invocation.wrap
  invocation.phase = phase
  const concluded = (result: FlushResult) => {
    invocation.flushing = undefined
    const spans = countOf(invocation)
    spans.endedByDispose = invocation.endedByDispose
    const report = publish(makeReport(result, spans, phase, invocation.warnings), config)
    platform.reported?.(report)
    return report
  }
  const result = untraced(() => flush(config.telemetry.stages, deadline, invocation))
  if (!(result instanceof Promise)) return concluded(result)
  const reported = result.then(concluded)
  invocation.flushing = reported
  return reported
}

const countOf = (invocation: InvocationState): SpanCounts => {
  const { config } = invocation.wrap
  return attempt(config, 'counting the spans', () => config.telemetry.count?.(invocation)) ?? noSpans()
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
  // One whose background work is stopped has settled, and not failed.
  invocation.dispose(invocation.settledAt === undefined ? cause : undefined)
  // Its spans have been handed over by now; what the flush before has not sent goes with this one.
  if (invocation.flushing) await invocation.flushing
  await conclude(invocation, phase, deadlineFor(invocation, budgetMs))
}
