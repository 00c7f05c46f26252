/**
 * `stages()`: one telemetry out of several flushables, in order.
 *
 * @module
 */
import { badOption, checkKeys, invalidOption } from './errors.ts'
import { type StageInput, toTelemetry } from './telemetry.ts'
import type { Stage, Telemetry } from './types.ts'

/** Options of {@link stages}, given after the stages. */
export interface StagesOptions {
  /**
   * Whether each flush runs all stages. `false`: a flush runs only the first stage, and the others go on batching by
   * themselves until the platform announces the end of the process.
   *
   * @default true
   */
  cascade: boolean
}

/**
 * Makes one telemetry out of anything that can be flushed, in order. Each argument is a stage: one flushable, or an array of
 * flushables that are flushed at the same time. A stage begins when the stage before it is over, or has used up its share of
 * the time. All stages share the wrap's one deadline. The result of `otel()` may be an argument too, but only one: `otel()` takes
 * several `exporters`.
 *
 * A flushable is a function of `{ timeoutMs, signal }`, or an object with one of these methods: `forceFlush()`,
 * `flushAsync()`, `awaitPendingTraceBatches()`, `flush(timeoutMs)`, pino's `flush(callback)`, `settled()`. Of an object, the
 * first of these methods that it has is called. A flushable that returns or resolves to `false` ran out of time.
 *
 * `telemetry: [[tracer, metrics], exporter]` is short for `telemetry: stages([tracer, metrics], exporter)`.
 *
 * @throws TypeError when there is no stage, a stage holds something that cannot be flushed, there is more than one `otel()`, an
 *   option is unknown, `cascade` is not a boolean, or `cascade` is `false` and an `otel()` is not the first stage
 *
 * @example
 * const { tracer, metrics, exporter } = createMonitoring({ endpoint })
 * export const handler = withTelemetry(async (event) => { … }, { telemetry: stages([tracer, metrics], exporter) })
 *
 * @example
 * // A process that stays alive may let the exporter fill its batches.
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
  // `otel()` sends nothing by itself. If nothing flushed it, the spans of an invocation would be lost with the invocation.
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
