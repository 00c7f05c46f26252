/**
 * The options of `otel()`.
 *
 * @module
 */
import type { Tracer } from '@opentelemetry/api'
import { ENDLESS_MS } from '../core/deadline.ts'
import type { FlushableProvider } from '../core/globals.ts'
import { type Check, checkOptions, environmentNumber, isPositive } from '../core/options.ts'
import { hasMethod } from '../core/reading.ts'
import type { Exporter } from './types.ts'

/** When spans are sent before their invocation's flush, and how many may wait. */
export interface Limits {
  readonly maxBufferSize: number
  readonly maxQueueSize: number
  /** `false`: never by time. */
  readonly flushIntervalMs: number | false
}

/** The options of `otel()`. */
export interface OtelOptions {
  /** The exporter that `spanProcessor` passes finished spans to. */
  exporter?: Exporter | undefined
  /** Several exporters. Each gets every span, keeps its own counts, and fails independently of the others. */
  exporters?: readonly Exporter[] | undefined
  /**
   * A tracer provider to flush, and to make root spans with. Set it if the provider is not registered globally, or has span
   * processors besides `spanProcessor`. A provider that is made with `spanProcessor` does not exist yet: pass functions that
   * call the provider's own, as in the example. `false`: none.
   *
   * @default the global one if no exporter is given here, else none: `spanProcessor` has the spans already
   *
   * @example
   * const telemetry = otel({
   *   exporter,
   *   tracerProvider: { forceFlush: () => provider.forceFlush(), getTracer: (name) => provider.getTracer(name) },
   * })
   * const provider: TracerProvider = new TracerProvider({ spanProcessors: [telemetry.spanProcessor] })
   */
  tracerProvider?: (FlushableProvider & { getTracer?(name: string): Tracer }) | false | undefined
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
   * The number of finished spans of one invocation at which an export starts before the flush. Also the most spans that one
   * request carries.
   *
   * @default 512, or the environment's `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`
   */
  maxBufferSize?: number | undefined
  /**
   * The number of spans that may wait for an exporter that does not answer, or for another attempt after a failure. Spans
   * beyond it are given up, and counted.
   *
   * @default 2048, or the environment's `OTEL_BSP_MAX_QUEUE_SIZE`
   */
  maxQueueSize?: number | undefined
  /**
   * Milliseconds after which the finished spans of an invocation that still runs are exported. `false`: never by time.
   * Has no effect where timers die with their request.
   *
   * @default 5000, or the environment's `OTEL_BSP_SCHEDULE_DELAY`
   */
  flushIntervalMs?: number | false | undefined
}

const isExporter = (value: unknown): boolean => hasMethod(value, 'export')

const provider: Check = ['a provider or `false`', (value) => value === false || (typeof value === 'object' && value !== null)]
const count: Check = ['a positive whole number', (value) => isPositive(value) && Number.isInteger(value)]

const CHECKS: Record<keyof OtelOptions, Check> = {
  exporter: ['an exporter, with an `export` method', isExporter],
  exporters: ['an array of exporters', (value) => Array.isArray(value) && value.every(isExporter)],
  tracerProvider: provider,
  meterProvider: provider,
  loggerProvider: provider,
  maxBufferSize: count,
  maxQueueSize: count,
  flushIntervalMs: ['a positive number of milliseconds or `false`', (value) => value === false || isPositive(value)],
}

/** Checks the options. @throws TypeError naming the option and quoting the value */
export function resolveOtelOptions(options: OtelOptions): { exporters: readonly Exporter[]; limits: Limits } {
  checkOptions(options, CHECKS)
  const {
    exporter,
    exporters = [],
    maxBufferSize = Math.ceil(environmentNumber('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
    maxQueueSize = Math.ceil(environmentNumber('OTEL_BSP_MAX_QUEUE_SIZE', 2048)),
    flushIntervalMs = environmentNumber('OTEL_BSP_SCHEDULE_DELAY', 5000),
  } = options
  return {
    exporters: exporter ? [exporter, ...exporters] : exporters,
    // As OpenTelemetry's batch processor does: a batch that does not fit into the queue could never be full.
    limits: {
      maxQueueSize,
      maxBufferSize: Math.min(maxBufferSize, maxQueueSize),
      flushIntervalMs: flushIntervalMs && Math.min(flushIntervalMs, ENDLESS_MS),
    },
  }
}
