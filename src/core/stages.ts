/**
 * Stages by name.
 *
 * @module
 */
import { badOption, checkKeys, invalidOption } from './errors.ts'
import { type StageInput, toTelemetry } from './telemetry.ts'
import type { Stage, Telemetry } from './types.ts'

/** What {@link stages} may be told after the stages. */
export interface StagesOptions {
  /**
   * Whether each flush goes through all stages. `false`: a flush runs the first stage, and the others are left to batch as
   * they do by themselves, until the platform tells of the process's end.
   *
   * @default true
   */
  cascade: boolean
}

/**
 * A telemetry of anything that can be flushed, in order: each argument is one flushable, or an array of those that are
 * flushed at the same time, and a stage is begun when the one before is over. Everything shares the wrap's one deadline.
 * What `otel()` makes may be an argument too, but only one of those: it takes several `exporters`.
 *
 * A flushable is an object with `forceFlush()`, `flushAsync()`, `awaitPendingTraceBatches()`, `flush(timeoutMs)`, pino's
 * `flush(callback)` or `settled()` (the first of these that it has), or a function of `{ timeoutMs, signal }`. One that
 * comes to `false` ran out of time.
 *
 * `telemetry: [[tracer, metrics], exporter]` is short for `telemetry: stages([tracer, metrics], exporter)`.
 *
 * @throws TypeError when there is no stage, or one holds what cannot be flushed
 *
 * @example
 * const { tracer, metrics, exporter } = createMonitoring({ endpoint })
 * export const handler = withTelemetry(async (event) => { … }, { telemetry: stages([tracer, metrics], exporter) })
 *
 * @example
 * // A process that stays may let the exporter fill its batches.
 * stages([tracer, metrics], exporter, { cascade: false })
 */
export function stages(
  ...args: [first: StageInput, ...more: StageInput[]] | [first: StageInput, ...more: StageInput[], options: StagesOptions]
): Telemetry {
  const last = args.at(-1)
  if (!isOptions(last)) return toTelemetry(args as StageInput[])
  checkKeys(last, ['cascade'])
  if (typeof last.cascade !== 'boolean') throw invalidOption('cascade', last.cascade, 'a boolean')
  const telemetry = toTelemetry(args.slice(0, -1) as StageInput[])
  if (last.cascade) return telemetry
  const first = toTelemetry([args[0] as StageInput])
  // It sends nothing by itself, and the spans of an invocation that nobody flushes are lost with it.
  if (telemetry.needsProcessor && !first.needsProcessor) {
    throw badOption('with `cascade: false`, `otel()` has to be the first stage: nothing else flushes it')
  }
  const always = first.stages.length
  return { ...telemetry, stages: telemetry.stages.map((stage, index) => (index < always ? stage : atShutdown(stage))) }
}

const atShutdown = (stage: Stage): Stage => ({
  ...stage,
  flushables: stage.flushables.map(({ name, flush }) => ({
    name,
    flush: (context) => (context.invocation.phase === 'shutdown' ? flush(context) : 'nothing_to_send'),
  })),
})

const isOptions = (value: unknown): value is StagesOptions =>
  typeof value === 'object' && value !== null && 'cascade' in value
