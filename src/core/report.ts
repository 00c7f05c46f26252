/**
 * Turns what the stages did into what a person reads.
 *
 * @module
 */
import type { InvocationState } from './invocation.ts'
import { isolate, once } from './isolate.ts'
import type { Config } from './options.ts'
import { counted, toError } from './errors.ts'
import type { FlushReport, Outcome, Phase, SpanCounts, StageReport } from './types.ts'

/** No spans at all. */
export const noSpans = (): SpanCounts => ({
  acknowledged: 0,
  failed: 0,
  pending: 0,
  endedByDispose: 0,
  late: 0,
  carriedOver: 0,
})

/** What happens to what is flushed. These are bits: several may be true of a stage, and all the more of a flush. */
export const DELIVERED = 1
export const FAILED = 2
export const LATE = 4

/** What the stages of a flush did. */
export interface FlushResult {
  stages: StageReport[]
  /** A sentence for each flushable that failed or was late. */
  warnings: string[]
  /** What happened to any of the flushables, in bits. */
  seen: number
  /** Milliseconds from the deadline's start until the last stage was over. */
  durationMs: number
}

/** The outcome of a stage, or of a whole flush. */
export const outcomeOf = (seen: number): Outcome =>
  seen & DELIVERED
    ? seen === DELIVERED ? 'delivered' : 'partial'
    : seen & LATE ? 'timed_out' : seen ? 'failed' : 'nothing_to_send'

/**
 * Makes a report, and passes it on: to the next root span, to `onFlush`, and to the log if something was lost or delayed.
 *
 * @param warnings the invocation's warnings, which become the report's: those of the stages and the spans are added
 */
export function publish(
  { stages, seen, durationMs, warnings: stageWarnings }: FlushResult,
  spans: SpanCounts,
  phase: Phase,
  warnings: string[],
  config: Config,
): FlushReport {
  const outcome = outcomeOf(seen | (spans.failed && FAILED) | (spans.acknowledged && DELIVERED))
  const report: FlushReport = { outcome, durationMs, phase, stages, spans, warnings }
  const others = warnings.push(...stageWarnings)
  tell(warnings, spans.failed, 'lost')
  tell(warnings, spans.pending, 'not acknowledged in time')
  tell(warnings, spans.carriedOver, 'kept for the next flush')
  tell(warnings, spans.late, 'recorded after the flush of their invocation')
  const isNothing = outcome === 'nothing_to_send'
  const fine = warnings.length === others && (isNothing || outcome === 'delivered')
  // A flush that found nothing more to send is not worth a report.
  if (phase === 'background' && isNothing && !warnings.length && !spans.endedByDispose) return report
  // The flush of a trace that is not sampled has nothing to tell, and must not hide the flush before it.
  if (!isNothing) isolate.previous = report
  attempt(config, 'onFlush', () => config.onFlush?.(report))
  if (!fine) config.warn(`flushed: ${outcome} after ${Math.round(durationMs)} ms: ${warnings.join('; ')}`)
  return report
}

function tell(warnings: string[], count: number, fate: string): void {
  if (count) warnings.push(counted(count, fate))
}

/** Calls a function that is not ours and must not affect the handler, whatever it does. Returns `undefined` if it throws. */
export function attempt<T>(config: Config, what: string, call: () => T): T | undefined {
  try {
    const result = call()
    if (result instanceof Promise) result.catch((thrown: unknown) => complain(config, what, thrown))
    return result
  } catch (thrown) {
    return complain(config, what, thrown)
  }
}

/** Logs the failure of something that must not affect the handler. */
export const complain = (config: Pick<Config, 'warn'>, what: string, thrown: unknown): undefined =>
  void config.warn(`flushed: ${what} failed: ${toError(thrown).message}`)

/** Tells of a mistake in the program: in each report, since the mistake is there each time, and once in the log. */
export function remark({ warnings, wrap }: InvocationState, key: string, line: string): void {
  warnings.push(line)
  if (once(key)) wrap.config.warn(`flushed: ${line}`)
}
