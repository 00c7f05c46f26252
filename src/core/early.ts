/**
 * Ends that nobody settles: a handler about to time out, a sandbox that is stopped, telemetry that is nobody's.
 *
 * @module
 */
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { clearAlarm } from './alarm.ts'
import { within } from './current.ts'
import { conclude, deadlineFor } from './finish.ts'
import { InvocationState } from './invocation.ts'
import { isolate } from './isolate.ts'
import type { Wrap } from './lifecycle.ts'
import { attempt } from './report.ts'
import { recordError } from './span.ts'
import type { FlushReport, Phase } from './types.ts'

/** How many different warnings of invocations one report tells at most: each would be a line of an operator's day. */
const MOST_WARNINGS = 10

/** What is known of invocations that are over, beyond their spans, and of their process. */
export class Account implements Pick<InvocationState, 'endedByDispose' | 'warnings' | 'patient'> {
  endedByDispose = 0
  readonly warnings: string[] = []

  constructor(readonly patient = false) {}

  add({ endedByDispose, warnings }: Pick<InvocationState, 'endedByDispose' | 'warnings'>): void {
    this.endedByDispose += endedByDispose
    for (const warning of warnings) {
      if (this.warnings.length < MOST_WARNINGS && !this.warnings.includes(warning)) this.warnings.push(warning)
    }
  }
}

/**
 * Flushes what is left of a telemetry that no invocation is about to flush. Never rejects.
 *
 * @param budgetMs milliseconds that this may take, if that is less than the options allow
 * @param account what the report is to tell of the invocations whose telemetry it is
 */
export async function flushLeftovers(wrap: Wrap, phase: Phase, budgetMs?: number, account?: Account): Promise<FlushReport> {
  const over = { live: false, root: trace.wrapSpanContext(INVALID_SPAN_CONTEXT), context: ROOT_CONTEXT }
  const nobody = Object.assign(new InvocationState(wrap, [], ROOT_CONTEXT), account, over)
  return conclude(nobody, phase, deadlineFor(nobody, budgetMs))
}

/** The live invocations of this copy of the package. A list of its own: what is ended leaves the isolate's. */
export const live = (): InvocationState[] => isolate.live.filter((owner) => owner instanceof InvocationState)

/**
 * Ends and flushes whatever is still running, and flushes what is left of all telemetries. Never rejects.
 *
 * @param wraps those whose telemetries may have something left
 */
export async function shutdown(wraps: Iterable<Wrap>, cause: Error, budgetMs: number): Promise<void> {
  const leftovers = new Map([...wraps].map((wrap) => [wrap.config.telemetry, wrap]))
  const ends: Promise<unknown>[] = []
  for (const invocation of live()) {
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
export const endEarly = (invocation: InvocationState, phase: Phase, cause: Error, budgetMs?: number): Promise<void> =>
  // The timer, or the signal, comes in the context of whoever was the first to ask for one: another's, or that of a flush.
  context.with(invocation.outside, async () => {
    const { flushing } = invocation
    cutShort(invocation, cause)
    // Its spans have been handed over by now; what the flush before has not sent goes with this one.
    if (flushing) await flushing
    await conclude(invocation, phase, deadlineFor(invocation, budgetMs))
  })

/** The same without the flush. */
export function cutShort(invocation: InvocationState, cause: Error): void {
  const { root, live, settledAt } = invocation
  clearAlarm(invocation.alarm)
  // One whose background work is stopped has settled, and not failed.
  const failed = live && settledAt === undefined
  if (failed) attempt(invocation.wrap.config, 'recording the error', () => recordError(root, cause))
  const status = { code: SpanStatusCode.ERROR, message: cause.message }
  invocation.dispose(false, failed ? (span) => span.setStatus?.(status) : undefined)
  // Last of all: the invocation is over for what the handler does about it, which is late, but still its own.
  const abort = () => (invocation.abort ??= new AbortController()).abort(cause)
  if (failed) attempt(invocation.wrap.config, 'aborting the signal', () => within(invocation, abort))
}
