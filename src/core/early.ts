/**
 * Ends without a settled handler: a handler about to time out, a sandbox that is stopped, telemetry of no invocation.
 *
 * @module
 */
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { type Account, inheritAccount, takeAccount } from './account.ts'
import { clearAlarm } from './alarm.ts'
import { within } from './current.ts'
import type { Deadline } from './deadline.ts'
import { conclude, deadlineFor } from './finish.ts'
import { InvocationState } from './invocation.ts'
import { isolate } from './isolate.ts'
import type { Wrap } from './lifecycle.ts'
import { attempt } from './report.ts'
import { recordError } from './span.ts'
import type { FlushReport, Phase } from './types.ts'

/**
 * Flushes what is left in a telemetry that no invocation is about to flush. Never rejects.
 *
 * @param budget milliseconds that this may take, if that is less than the options allow; or a deadline for all of it
 * @param account what the report has to say about the invocations that the telemetry belongs to
 */
export async function flushLeftovers(wrap: Wrap, phase: Phase, budget?: number | Deadline, account?: Account): Promise<FlushReport> {
  const over = { live: false, root: trace.wrapSpanContext(INVALID_SPAN_CONTEXT), context: ROOT_CONTEXT }
  const nobody = Object.assign(new InvocationState(wrap, [], ROOT_CONTEXT), account, over)
  return conclude(nobody, phase, typeof budget === 'object' ? budget : deadlineFor(nobody, budget))
}

/** The live invocations of this copy of the package, as a new list: an invocation that ends leaves the isolate's list. */
export const live = (): InvocationState[] => isolate.live.filter((owner) => owner instanceof InvocationState)

/**
 * Ends and flushes all invocations that still run, and flushes what is left in all telemetries. Never rejects.
 *
 * @param wraps the wraps whose telemetries may have something left
 */
export async function shutdown(wraps: Iterable<Wrap>, cause: Error, budgetMs: number): Promise<void> {
  const leftovers = new Map([...wraps].map((wrap) => [wrap.config.telemetry, wrap]))
  const ends: Promise<unknown>[] = []
  for (const invocation of live()) {
    leftovers.delete(invocation.telemetry)
    inheritAccount(invocation)
    ends.push(endEarly(invocation, 'shutdown', cause, budgetMs))
  }
  for (const [telemetry, wrap] of leftovers) ends.push(flushLeftovers(wrap, 'shutdown', budgetMs, takeAccount(telemetry)))
  await Promise.all(ends)
}

/**
 * Ends and flushes an invocation whose handler has not settled, and may never settle. If the handler settles after all, its
 * result stands, and what it has recorded since is late. Never rejects.
 *
 * @param cause becomes the error of the root and of every open span
 * @param budgetMs milliseconds that the platform leaves. Default: what its `remainingMs` says
 */
export const endEarly = (invocation: InvocationState, phase: Phase, cause: Error, budgetMs?: number): Promise<void> =>
  // The timer or the signal fires in the context of whoever was the first to ask for one: of another invocation, or of a flush.
  context.with(invocation.outside, async () => {
    const { flushing } = invocation
    cutShort(invocation, cause)
    // The spans have been handed over by now. What the previous flush has not sent goes with this one.
    if (flushing) await flushing
    await conclude(invocation, phase, deadlineFor(invocation, budgetMs))
  })

/** Ends an invocation as {@link endEarly} does, without the flush. */
export function cutShort(invocation: InvocationState, cause: Error): void {
  const { root, live, settledAt } = invocation
  clearAlarm(invocation.alarm)
  // An invocation whose background work is stopped has settled, and has not failed.
  const failed = live && settledAt === undefined
  if (failed) attempt(invocation.wrap.config, 'recording the error', () => recordError(root, cause))
  const status = { code: SpanStatusCode.ERROR, message: cause.message }
  invocation.dispose(false, failed ? (span) => span.setStatus?.(status) : undefined)
  // Abort last of all: the invocation is then over. What the handler does about the signal is late, but still belongs to it.
  const abort = () => (invocation.abort ??= new AbortController()).abort(cause)
  if (failed) attempt(invocation.wrap.config, 'aborting the signal', () => within(invocation, abort))
}
