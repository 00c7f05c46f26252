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
export function makeReport(
  { stages, warnings: stageWarnings }: FlushResult,
  spans: SpanCounts,
  phase: Phase,
  durationMs: number,
  warnings: readonly string[],
): FlushReport {
  const outcome = overall(stages, spans)
  return { outcome, durationMs, phase, stages, spans, warnings: [...warnings, ...stageWarnings, ...fates(spans)] }
}

function overall(stages: readonly StageReport[], spans: SpanCounts): Outcome {
  const any = (wanted: Outcome) => stages.some(({ outcome }) => outcome === wanted)
  if (spans.failed > 0 || any('timed_out') || any('failed') || any('partial')) {
    if (any('delivered') || any('partial') || spans.acknowledged > 0) return 'partial'
    return any('timed_out') ? 'timed_out' : 'failed'
  }
  return any('delivered') ? 'delivered' : 'nothing_to_send'
}

const FATES = [
  ['failed', 'lost'],
  ['pending', 'not acknowledged in time'],
  ['carriedOver', 'kept for the next flush'],
  ['late', 'recorded after the flush of their invocation'],
] as const

const fates = (spans: SpanCounts): string[] =>
  FATES.filter(([key]) => spans[key] > 0).map(([key, fate]) => `${spans[key]} span${spans[key] === 1 ? '' : 's'} ${fate}`)

/** Makes a report known: to the next root span, to `onFlush`, and to the log when something was lost or delayed. */
export function publish(report: FlushReport, config: Config): void {
  isolate.previous = { outcome: report.outcome, durationMs: report.durationMs }
  if (config.onFlush) guarded(config, 'onFlush', () => config.onFlush?.(report))
  const { failed, pending, carriedOver, late } = report.spans
  const fine = report.outcome === 'delivered' || report.outcome === 'nothing_to_send'
  if (fine && failed + pending + carriedOver + late === 0) return
  config.warn(`flushed: ${report.outcome} after ${Math.round(report.durationMs)} ms: ${report.warnings.join('; ')}`)
}

/** Calls a function that is not ours and must not matter to the handler, whatever it does. `undefined` if it throws. */
export function guarded<T>(config: Config, what: string, call: () => T): T | undefined {
  const complain = (thrown: unknown) => config.warn(`flushed: ${what} failed: ${toError(thrown).message}`)
  try {
    const result = call()
    if (result instanceof Promise) result.catch(complain)
    return result
  } catch (thrown) {
    complain(thrown)
    return undefined
  }
}
