/**
 * The options that every wrap has, their defaults, and the checks made when wrapping.
 *
 * @module
 */
import type { Attributes } from '@opentelemetry/api'
import { environment } from './environment.ts'
import { checkKeys, invalidOption, quote } from './errors.ts'
import { once } from './isolate.ts'
import { hasMethod } from './reading.ts'
import { type TelemetryInput, toTelemetry } from './telemetry.ts'
import type { FlushReport, Telemetry } from './types.ts'

/**
 * The options that mean the same on every platform.
 *
 * @typeParam Args the handler's arguments, for `attributes` that are made from them. Default: options for handlers of any
 * arguments
 */
export interface TelemetryOptions<Args extends readonly unknown[] = []> {
  /**
   * What to flush: the result of `otel()`, any flushable, or an array of stages (`[[tracer, metrics], exporter]`).
   *
   * @default the global OpenTelemetry providers of traces, metrics and logs
   */
  telemetry?: TelemetryInput | undefined
  /**
   * Milliseconds that a whole flush may take. If the response waits for the flush, this includes background work. The
   * platform may leave less.
   *
   * @default 2000, or the environment's `FLUSHED_TIMEOUT_MS`
   */
  timeoutMs?: number | undefined
  /**
   * When to flush. `'auto'` flushes after the response wherever the platform lets code run then.
   *
   * @default 'auto'
   */
  flush?: 'auto' | 'before-response' | 'after-response' | undefined
  /** Called with the report of every flush. If it throws or rejects, the error becomes a line in the log and nothing else. */
  onFlush?: ((report: FlushReport) => unknown) | undefined
  /**
   * The name of the root span.
   *
   * @default the platform's conventional name, or the handler's
   */
  name?: string | undefined
  /** More attributes for the root span, or a function that makes them from the handler's arguments. */
  attributes?: Attributes | ((...args: Args) => Attributes) | undefined
  /**
   * Where a flush that lost or delayed something writes its one line. `false` silences it.
   *
   * @default console
   */
  logger?: false | { warn(message: string): void } | undefined
}

/** Checked options, with defaults filled in. */
export interface Config {
  readonly telemetry: Telemetry
  readonly timeoutMs: number
  readonly flush: 'auto' | 'before-response' | 'after-response'
  readonly onFlush: ((report: FlushReport) => unknown) | undefined
  readonly name: string | undefined
  readonly attributes: Attributes | ((...args: never) => Attributes) | undefined
  /** Writes a line to the log. Never throws. */
  readonly warn: (message: string) => void
}

/** What the value of an option must be, if the option is given. */
export type Check = readonly [expected: string, valid: (value: unknown) => boolean]

export const isPositive = (value: unknown) => typeof value === 'number' && value > 0 && value < Infinity
const MODES: unknown[] = ['auto', 'before-response', 'after-response'] satisfies Config['flush'][]

// `toTelemetry` checks `telemetry`.
export const CHECKS: Record<Exclude<keyof TelemetryOptions, 'telemetry'>, Check> = {
  timeoutMs: ['a positive number of milliseconds', isPositive],
  flush: [`'${MODES.join("' or '")}'`, (value) => MODES.includes(value)],
  onFlush: ['a function', (value) => typeof value === 'function'],
  name: ['a non-empty string', (value) => typeof value === 'string' && !!value],
  attributes: ['an object or a function', (value) => value === Object(value)],
  logger: ['`false` or an object with `warn`', (value) => value === false || hasMethod(value, 'warn')],
}

/**
 * Checks options and fills in the defaults.
 *
 * @param more the names of a platform's own options
 * @throws TypeError naming the option and quoting the value
 */
export function resolveOptions<Args extends readonly unknown[]>(
  options: TelemetryOptions<Args> = {},
  more: readonly string[] = [],
): Config {
  checkOptions(options, CHECKS, ['telemetry', ...more])
  const {
    telemetry,
    timeoutMs = environmentNumber('FLUSHED_TIMEOUT_MS', 2000),
    flush = 'auto',
    onFlush,
    name,
    attributes,
    logger = console,
  } = options
  const warn = async (message: string) => {
    try {
      // Errors of TLS, among others, end with a line break.
      if (logger) await logger.warn(message.replace(/\s+/g, ' '))
    } catch {
      // If the logger throws, there is nowhere left to say so.
    }
  }
  const config = { telemetry: toTelemetry(telemetry), timeoutMs, flush, onFlush, name, attributes, warn }
  // An exporter by itself would report `delivered` for spans that it has never been given.
  if (hasMethod(telemetry, 'export') && once('exporter')) {
    void warn('flushed: `telemetry` is an exporter, which lacks what a processor holds: use `otel({ exporter })` or `[provider, exporter]`')
  }
  return config
}

/**
 * Checks that `options` is an object, that it has only known options, and that each value is valid.
 *
 * @param others known options that are checked elsewhere
 * @throws TypeError naming the option and quoting the value
 */
export function checkOptions<Names extends string>(
  options: { readonly [name in Names]?: unknown },
  checks: Record<Names, Check>,
  others: readonly string[] = [],
): void {
  checkKeys(options, [...others, ...Object.keys(checks)])
  for (const [option, [expected, valid]] of Object.entries<Check>(checks)) {
    const value = options[option as Names]
    if (value !== undefined && !valid(value)) throw invalidOption(option, value, expected)
  }
}

/**
 * Reads a positive number from the environment. An invalid value is ignored with a warning, as OpenTelemetry's
 * specification asks for: a typo in a deployment must not take the function down.
 */
export function environmentNumber(name: string, fallback: number): number {
  const text = environment(name)
  if (!text) return fallback
  const value = Number(text)
  if (isPositive(value)) return value
  if (once(name)) console.warn(`flushed: ${name}=${quote(text)} is no positive number; using ${fallback}`)
  return fallback
}
