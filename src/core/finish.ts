/**
 * The end of an invocation: dispose → flush → report.
 *
 * @module
 */
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { Deadline, type Pending, settledWithin } from './deadline.ts'
import { flush, idleFlush } from './flush.ts'
import type { InvocationState } from './invocation.ts'
import { once } from './isolate.ts'
import { type FlushResult, attempt, complain, noSpans, publish, remark } from './report.ts'
import { isThenable } from './stage.ts'
import { untraced } from './suppress.ts'
import type { Finish, Lifetime } from './platform.ts'
import type { FlushReport, Phase } from './types.ts'

export const OVERDUE = 'background work was not over in time'

/** The response waits for the flush. */
export const AWAIT: Lifetime = { phase: 'before-response', hold: (finish) => finish() }

/**
 * Flushes an invocation whose handler has settled and whose result is over. The response waits for what this returns. Whatever
 * the platform does, this neither throws nor rejects.
 */
export function hold(invocation: InvocationState): Promise<unknown> | void {
  const lifetime = lifetimeOf(invocation)
  // If the response does not wait, the root's time is over now. What background work still records belongs to the root.
  if (lifetime.phase !== 'before-response') {
    if (lifetime.apart || !invocation.background) invocation.dispose(true)
    else invocation.settledAt = Date.now()
  }
  return held(invocation, lifetime, () => finish(invocation, lifetime))
}

/** Milliseconds that are worth waiting for the end of a result that goes on. */
const MEANWHILE_MS = 200

/** Sends the finished spans of an invocation whose handler has settled and whose result goes on, where that delays nobody. */
export const release = (invocation: InvocationState, result: Pending): void =>
  beside(invocation, async () => {
    if (await settledWithin(result, within(invocation, MEANWHILE_MS), true)) return undefined
    const report = conclude(invocation, 'background')
    const { background } = invocation
    if (background) await settledWithin(background, leavingTime(invocation), true)
    return report
  })

/** Flushes once more what an invocation has recorded since its flush, if the platform keeps the invocation going for that. */
export const flushLate = (invocation: InvocationState, soon: () => Promise<unknown>): void =>
  // Runs outside the invocation: otherwise what `onFlush` records would be late in turn, and the flushes would never end.
  context.with(ROOT_CONTEXT, beside, undefined, invocation, () => soon().then(() => finish(invocation, { phase: 'background' })))

function beside(invocation: InvocationState, finish: Finish): void {
  const lifetime = lifetimeOf(invocation)
  if (lifetime.apart) void held(invocation, lifetime, finish)
}

// Makes no function that most invocations have no use for: each costs more than a call.
function held(invocation: InvocationState, lifetime: Lifetime, finish: Finish): Promise<unknown> | void {
  try {
    const result = lifetime.hold(lifetime.apart ? () => lingering(invocation, finish()).catch(guarded(invocation)) : finish, invocation)
    // A flush that is over at once returns a report, and no promise.
    if (isThenable(result)) return Promise.resolve(result).catch(guarded(invocation))
  } catch (thrown) {
    guarded(invocation)(thrown)
  }
}

const guarded = ({ wrap }: InvocationState) => (thrown: unknown): undefined => complain(wrap.config, 'the flush', thrown)

// An exporter's request that dies with the request it was made in is never answered, and the exporter goes on counting it. So
// the exporter's requests get all the time that the platform leaves, though the report is out.
async function lingering(invocation: InvocationState, reported: ReturnType<Finish>) {
  const report = await reported
  const work = invocation.telemetry.answered?.(invocation)
  if (work) await settledWithin({ waiting: 1, work }, within(invocation, remainingMs(invocation)), true)
  return report
}

/** Ends an invocation, and leaves its telemetry to the next flush. */
export function leave(invocation: InvocationState): void {
  // An invocation that was ended early is being flushed already, and its report is to come.
  if (invocation.flushing) return
  invocation.dispose()
  invocation.telemetry.defer?.(invocation)
}

/** Does what {@link leave} does once background work is over. That work is the program's own, and waits for no backend. */
export async function leaveAfterWork(invocation: InvocationState, phase: Phase): Promise<void> {
  const { background } = invocation
  if (background) await worked(invocation, background, phase)
  leave(invocation)
}

function lifetimeOf(invocation: InvocationState): Lifetime {
  const { args, wrap } = invocation
  const { config, platform } = wrap
  const lifetime = attempt(config, 'reading the lifetime', () => platform.lifetime?.(args as never, invocation)) ?? AWAIT
  const { phase, reason } = lifetime
  const told = phase !== 'before-response' || config.flush === 'before-response'
  if (told || (config.flush === 'auto' && reason === undefined) || !once('after-response')) return lifetime
  const why = reason ? `: ${reason}` : ''
  config.warn(`flushed: ${platform.name} cannot flush after the response here; flushing before it${why}`)
  return lifetime
}

/** Waits for background work, and for an earlier flush of the same invocation, and then: dispose → flush → report. */
function finish(invocation: InvocationState, lifetime: Pick<Lifetime, 'phase' | 'apart'>): FlushReport | Promise<FlushReport> {
  const { flushing } = invocation
  if (flushing) return flushing.then(() => finish(invocation, lifetime))
  // Do not read `background` before this: reading it begins to wait.
  const { background } = invocation
  const { phase, apart } = lifetime
  if (!background) {
    invocation.dispose()
    return conclude(invocation, phase)
  }
  const first = apart && conclude(invocation, phase)
  return worked(invocation, background, phase).then(async (deadline) => {
    await first
    invocation.dispose()
    return conclude(invocation, apart ? 'background' : phase, deadline)
  })
}

/**
 * Waits for background work. If the response waits, the work has a share of the flush's time. If the response does not wait,
 * the work has all the time that the platform leaves, except the flush's time.
 *
 * @returns the deadline, if the flush has to keep the same one
 */
async function worked(invocation: InvocationState, background: Pending, phase: Phase): Promise<Deadline | undefined> {
  const waits = phase === 'before-response'
  const deadline = waits ? deadlineFor(invocation) : leavingTime(invocation)
  if (!(await settledWithin(background, deadline, !waits))) invocation.warnings.push(OVERDUE)
  return waits ? deadline : undefined
}

const within = ({ wrap }: InvocationState, ms: number): Deadline => new Deadline(ms, wrap.platform.alarms)

function leavingTime(invocation: InvocationState): Deadline {
  const leftMs = remainingMs(invocation)
  return within(invocation, Math.max(leftMs - invocation.wrap.config.timeoutMs, leftMs / 2))
}

/** @param budgetMs milliseconds that the platform leaves. Default: what its `remainingMs` says */
export function deadlineFor(invocation: InvocationState, budgetMs?: number): Deadline {
  const leftMs = budgetMs ?? remainingMs(invocation)
  return within(invocation, Math.min(invocation.wrap.config.timeoutMs, leftMs))
}

const remainingMs = ({ wrap: { config, platform }, args }: InvocationState): number =>
  attempt(config, 'reading the remaining time', () => platform.remainingMs?.(args as never)) ?? Infinity

/** Flush → report. */
export function conclude(
  invocation: InvocationState,
  phase: Phase,
  deadline?: Deadline,
): FlushReport | Promise<FlushReport> {
  const { config, platform } = invocation.wrap
  invocation.phase = phase
  const isWithin = phase !== 'background' && !platform.around && isWithinOpen(invocation)
  const concluded = (result: FlushResult) => {
    invocation.flushing = undefined
    // A program that starts one invocation within another, and so on, must not keep all of them in memory.
    if (!invocation.live) invocation.outside = ROOT_CONTEXT
    const spans = attempt(config, 'counting the spans', () => config.telemetry.count?.(invocation)) ?? noSpans()
    spans.endedByDispose = invocation.endedByDispose
    invocation.endedByDispose = 0
    // If there is nothing to flush, as beside Deno's own OpenTelemetry, nothing is flushed too early either.
    if (isWithin && result.seen) remark(invocation, 'outermost', 'a span outside the wrap is still open: flushed is not the outermost wrapper')
    // An invocation that goes on reports all its warnings at its end.
    const warnings = invocation.live ? [] : invocation.warnings.splice(0)
    const report = publish(result, spans, phase, warnings, config)
    platform.reported?.(report)
    return report
  }
  const { stages } = config.telemetry
  const result =
    idleFlush(stages, invocation, deadline?.elapsedMs()) ??
    untraced(() => flush(stages, deadline ?? deadlineFor(invocation), invocation))
  if (!(result instanceof Promise)) return concluded(result)
  return (invocation.flushing = result.then(concluded))
}

// Asked when the flush begins: a span that has ended by then will be sent with it.
function isWithinOpen({ outside, root }: InvocationState): boolean {
  const around = trace.getSpan(outside)
  return !!around?.isRecording() && around.spanContext().traceId === root.spanContext().traceId
}
