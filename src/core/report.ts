/**
 * From what the stages did to what a person reads.
 *
 * @module
 */
import type { FlushResult } from './flush.ts'
import { isolate } from './isolate.ts'
import type { Config } from './options.ts'
import { toError } from './errors.ts'
import type { FlushReport, Outcome, Phase, SpanCounts } from './types.ts'

/** No spans at all. */
export const noSpans = (): SpanCounts => ({
  acknowledged: 0,
  failed: 0,
  pending: 0,
  endedByDispose: 0,
  late: 0,
  carriedOver: 0,
})

/** What a stage, or a whole flush, comes to. */
export const outcomeOf = (delivered: boolean, failed: boolean, late: boolean): Outcome =>
  failed ? (delivered ? 'partial' : late ? 'timed_out' : 'failed') : delivered ? 'delivered' : 'nothing_to_send'

/** Puts a report together. `warnings` are those of the invocation; the stages' and the spans' are added. */
export function makeReport(result: FlushResult, spans: SpanCounts, phase: Phase, warnings: readonly string[]): FlushReport {
  const { stages, durationMs, delivered, late } = result
  const failed = result.failed || spans.failed > 0
  const outcome = outcomeOf(delivered || (failed && spans.acknowledged > 0), failed, late)
  const all = [...warnings, ...result.warnings]
  for (const [key, fate] of FATES) {
    if (spans[key] > 0) all.push(`${spans[key]} span${spans[key] === 1 ? '' : 's'} ${fate}`)
  }
  return { outcome, durationMs, phase, stages, spans, warnings: all }
}

const FATES = [
  ['failed', 'lost'],
  ['pending', 'not acknowledged in time'],
  ['carriedOver', 'kept for the next flush'],
  ['late', 'recorded after the flush of their invocation'],
] as const

/** Makes a report known: to the next root span, to `onFlush`, and to the log when something was lost or delayed. */
export function publish(report: FlushReport, config: Config): FlushReport {
  isolate.previous = report
  const { outcome, durationMs, warnings, spans } = report
  attempt(config, 'onFlush', () => config.onFlush?.(report))
  if ((outcome !== 'delivered' && outcome !== 'nothing_to_send') || FATES.some(([key]) => spans[key] > 0)) {
    config.warn(`flushed: ${outcome} after ${Math.round(durationMs)} ms: ${warnings.join('; ')}`)
  }
  return report
}

/** Calls a function that is not ours and must not matter to the handler, whatever it does. `undefined` if it throws. */
export function attempt<T>(config: Config, what: string, call: () => T): T | undefined {
  try {
    const result = call()
    if (result instanceof Promise) result.catch((thrown: unknown) => complain(config, what, thrown))
    return result
  } catch (thrown) {
    complain(config, what, thrown)
    return undefined
  }
}

/** Tells that something failed which must not matter to the handler. */
export const complain = (config: Config, what: string, thrown: unknown): void =>
  config.warn(`flushed: ${what} failed: ${toError(thrown).message}`)
