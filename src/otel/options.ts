/**
 * The options of `otel()`.
 *
 * @module
 */
import { checkKeys, invalidOption } from '../core/errors.ts'
import type { FlushableProvider } from '../core/globals.ts'
import { environmentNumber } from '../core/options.ts'
import type { Exporter } from './types.ts'

/** When spans are sent before their invocation's flush, and how many may wait. */
export interface Limits {
  readonly maxBufferSize: number
  readonly maxQueueSize: number
  /** `false`: not by time. */
  readonly flushIntervalMs: number | false
}

/** The options of `otel()`. */
export interface OtelOptions {
  /** The exporter that `spanProcessor` hands finished spans to. */
  exporter?: Exporter | undefined
  /** Several exporters: each gets every span, keeps its own account, and fails for itself. */
  exporters?: readonly Exporter[] | undefined
  /**
   * A tracer provider to flush: for one that is not registered globally, or has span processors beside
   * `spanProcessor`. `false`: none.
   *
   * @default the global one if there is no exporter here, else none: `spanProcessor` has the spans already
   */
  tracerProvider?: FlushableProvider | false | undefined
  /**
   * The meter provider to flush. `false`: none.
   *
   * @default the global one
   */
  meterProvider?: FlushableProvider | false | undefined
  /**
   * The logger provider to flush. `false`: none.
   *
   * @default the global one
   */
  loggerProvider?: FlushableProvider | false | undefined
  /**
   * Finished spans of one invocation at which an export starts before the flush.
   *
   * @default 512, or the environment's `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`
   */
  maxBufferSize?: number | undefined
  /**
   * Spans that may wait: for an exporter that does not answer, and for another attempt after a failure. Beyond it
   * spans are given up, and counted.
   *
   * @default 2048, or the environment's `OTEL_BSP_MAX_QUEUE_SIZE`
   */
  maxQueueSize?: number | undefined
  /**
   * Milliseconds after which finished spans of an invocation that still runs are exported. `false`: not by time.
   * Has no effect where timers die with their request.
   *
   * @default 5000, or the environment's `OTEL_BSP_SCHEDULE_DELAY`
   */
  flushIntervalMs?: number | false | undefined
}

const KNOWN: readonly (keyof OtelOptions)[] = [
  'exporter',
  'exporters',
  'tracerProvider',
  'meterProvider',
  'loggerProvider',
  'maxBufferSize',
  'maxQueueSize',
  'flushIntervalMs',
]

/** Checks the options. @throws TypeError naming the option and quoting the value */
export function resolveOtelOptions(options: OtelOptions): { exporters: readonly Exporter[]; limits: Limits } {
  checkKeys(options, KNOWN)
  for (const name of ['tracerProvider', 'meterProvider', 'loggerProvider'] as const) {
    const provider = options[name]
    const valid = provider === undefined || provider === false || typeof provider === 'object'
    if (!valid || provider === null) throw invalidOption(name, provider, 'a provider or `false`')
  }
  const maxQueueSize = count('maxQueueSize', options.maxQueueSize, 'OTEL_BSP_MAX_QUEUE_SIZE', 2048)
  const maxBufferSize = count('maxBufferSize', options.maxBufferSize, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)
  const { flushIntervalMs = environmentNumber('OTEL_BSP_SCHEDULE_DELAY', 5000) } = options
  if (flushIntervalMs !== false && !(flushIntervalMs > 0 && Number.isFinite(flushIntervalMs))) {
    throw invalidOption('flushIntervalMs', flushIntervalMs, 'a positive number of milliseconds or `false`')
  }
  // As OpenTelemetry's batch processor does: a batch that does not fit into the queue could never be full.
  const limits = { maxQueueSize, maxBufferSize: Math.min(maxBufferSize, maxQueueSize), flushIntervalMs }
  return { exporters: exportersOf(options), limits }
}

function count(name: keyof OtelOptions, value: number | undefined, variable: string, fallback: number): number {
  if (value === undefined) return Math.ceil(environmentNumber(variable, fallback))
  if (Number.isSafeInteger(value) && value > 0) return value
  throw invalidOption(name, value, 'a positive whole number')
}

function exportersOf({ exporter, exporters }: OtelOptions): readonly Exporter[] {
  if (exporters !== undefined && !Array.isArray(exporters)) throw invalidOption('exporters', exporters, 'an array')
  const all = [...(exporter === undefined ? [] : [exporter]), ...(exporters ?? [])]
  for (const each of all) {
    if (typeof each?.export !== 'function') throw invalidOption('exporter', each, 'an exporter, with an `export` method')
  }
  return all
}
