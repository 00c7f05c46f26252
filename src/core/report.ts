/**
 * From what the stages did to what a person reads.
 *
 * @module
 */
import type { FlushResult } from './flush.ts'
import { isolate } from './isolate.ts'
import type { Config } from './options.ts'
import { toError } from './errors.ts'
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

/** Puts a report together. `warnings` are those of the invocation; the stages' and the spans' are added. */
export function makeReport(result: FlushResult, spans: SpanCounts, phase: Phase, warnings: readonly string[]): FlushReport {
  const { stages, durationMs } = result
  const all = warnings.length === 0 ? result.warnings : [...warnings, ...result.warnings]
  for (const [key, fate] of FATES) {
    if (spans[key] > 0) all.push(`${spans[key]} span${spans[key] === 1 ? '' : 's'} ${fate}`)
  }
  return { outcome: overall(stages, spans), durationMs, phase, stages, spans, warnings: all }
}

function overall(stages: readonly StageReport[], spans: SpanCounts): Outcome {
  let delivered = false
  let late = false
  let failed = spans.failed > 0
  for (const { outcome } of stages) {
    if (outcome === 'nothing_to_send') continue
    if (outcome === 'delivered' || outcome === 'partial') delivered = true
    if (outcome === 'timed_out') late = true
    if (outcome !== 'delivered') failed = true
  }
  if (!failed) return delivered ? 'delivered' : 'nothing_to_send'
  if (delivered || spans.acknowledged > 0) return 'partial'
  return late ? 'timed_out' : 'failed'
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
  const { onFlush } = config
  if (onFlush) attempt(config, 'onFlush', () => onFlush(report))
  const { failed, pending, carriedOver, late } = report.spans
  const fine = report.outcome === 'delivered' || report.outcome === 'nothing_to_send'
  if (fine && failed + pending + carriedOver + late === 0) return report
  config.warn(`flushed: ${report.outcome} after ${Math.round(report.durationMs)} ms: ${report.warnings.join('; ')}`)
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
export const complain = (config: Config, what: string, thrown: unknown): undefined =>
  void config.warn(`flushed: ${what} failed: ${toError(thrown).message}`)
