/**
 * Every error of the package. Each has a stable `code` that identifies it: `instanceof` fails as soon as a bundle holds two
 * copies of a package.
 *
 * @module
 */

/** The stable codes of {@link FlushedError}. */
export type ErrorCode = 'FLUSHED_INVALID_OPTION' | 'FLUSHED_TIMEOUT' | 'FLUSHED_STOPPED' | 'FLUSHED_EXPORT_FAILED'

/** An error of this package: a plain `Error` or `TypeError` with a `code`. */
export interface FlushedError extends Error {
  readonly code: ErrorCode
}

/**
 * Whether a value is an error of this package, whichever copy of the package made it.
 *
 * @example
 * onFlush(report) {
 *   if (report.stages.some((stage) => isFlushedError(stage.error) && stage.error.code === 'FLUSHED_TIMEOUT')) page()
 * }
 */
export const isFlushedError = (value: unknown): value is FlushedError =>
  String((value as Partial<FlushedError> | undefined | null)?.code).startsWith('FLUSHED_')

const coded = <E extends Error>(error: E, code: ErrorCode): E & FlushedError => Object.assign(error, { code })

/** Makes the error for bad input, found when wrapping. */
export const badOption = (message: string): TypeError & FlushedError =>
  coded(new TypeError(`flushed: ${message}`), 'FLUSHED_INVALID_OPTION')

/** Makes the error for a bad option, found when wrapping. It names the option and quotes the value. */
export const invalidOption = (option: string, value: unknown, expected: string): TypeError & FlushedError =>
  badOption(`option \`${option}\` must be ${expected}, got ${quote(value)}`)

/**
 * Checks that `options` is an object with only known options.
 *
 * @throws TypeError naming the option, or quoting what is not an object
 */
export function checkKeys(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || !options || 'then' in options) throw invalidOption('options', options, 'an object')
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw badOption(`unknown option \`${key}\`; the options are \`${known.join('`, `')}\``)
  }
}

/** A flushable had not finished at the deadline. */
export const timedOut = (what: string, afterMs: number): FlushedError =>
  coded(new Error(`${what} timed out after ${Math.round(afterMs)} ms`), 'FLUSHED_TIMEOUT')

/** A handler had not settled shortly before its platform's timeout. */
export const aboutToTimeOut = (): FlushedError =>
  coded(named('TimeoutError', 'the handler had not settled shortly before its timeout'), 'FLUSHED_TIMEOUT')

/** A handler was still running when its sandbox was stopped. */
export const stopped = (signal: string): FlushedError =>
  coded(named('StoppedError', `the sandbox was stopped (${signal}) before the handler had settled`), 'FLUSHED_STOPPED')

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

/** Says what became of a number of spans. */
export const counted = (spans: number, fate: string): string => `${spans} span${spans === 1 ? '' : 's'} ${fate}`

/** An exporter refused spans, or failed to send them. @param spans 0 if it exports something else */
export const exportFailed = (spans: number, cause: Error): FlushedError =>
  coded(new Error(`${spans ? counted(spans, '') : ''}not accepted: ${cause.message}`, { cause }), 'FLUSHED_EXPORT_FAILED')

/**
 * Converts whatever was thrown to an `Error`. Handlers and flushes may throw or reject with anything, `undefined` included.
 * OpenTelemetry's `TracerProvider.forceFlush` may reject with an array of errors.
 */
export function toError(thrown: unknown): Error {
  try {
    // An error of another realm, such as a test runner's, is not an instance of this realm's `Error`.
    if (thrown instanceof Error || /(Error|Exception)]/.test(Object.prototype.toString.call(thrown))) return thrown as Error
    if (Array.isArray(thrown)) return new Error(thrown.map((each) => toError(each).message).join('; '))
  } catch {
    // A proxy may not even tell what it is.
  }
  return new Error(quote(thrown))
}

/** Formats a value for an error message. The result is short. Never throws. */
export function quote(value: unknown): string {
  try {
    // JSON would say `{}`.
    if (value instanceof Promise) return 'a promise'
    // JSON cannot express a big integer.
    if (typeof value === 'bigint') return `${value}n`
    // JSON would say `null` for `NaN`, and nothing at all for a function.
    const json = typeof value === 'object' || typeof value === 'string'
    return (json ? JSON.stringify(value) : String(value)).slice(0, 80)
  } catch {
    return typeof value
  }
}
