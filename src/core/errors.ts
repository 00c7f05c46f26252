/**
 * Every error of the package. Each has a stable `code`, by which it is known: `instanceof` fails as soon as a bundle
 * holds two copies of a package.
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

/** Bad input, found when wrapping. */
export const badOption = (message: string): TypeError & FlushedError =>
  coded(new TypeError(`flushed: ${message}`), 'FLUSHED_INVALID_OPTION')

/** Bad input, found when wrapping. Names the option and quotes the value. */
export const invalidOption = (option: string, value: unknown, expected: string): TypeError & FlushedError =>
  badOption(`option \`${option}\` must be ${expected}, got ${quote(value)}`)

/**
 * Checks that options are an object with no option but those known.
 *
 * @throws TypeError naming the option, or quoting what is no object
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

/** An exporter refused spans, or failed to send them. */
export const exportFailed = (message: string, cause: unknown): FlushedError =>
  coded(new Error(message, { cause }), 'FLUSHED_EXPORT_FAILED')

/**
 * Whatever was thrown, as an `Error`: handlers and flushes may throw or reject with anything, `undefined` included, and
 * OpenTelemetry's `TracerProvider.forceFlush` with an array of errors.
 */
export function toError(thrown: unknown): Error {
  try {
    // Errors of other realms, such as a test runner's, are no instances of this one's.
    if (thrown instanceof Error || /(Error|Exception)]/.test(Object.prototype.toString.call(thrown))) return thrown as Error
    if (Array.isArray(thrown)) return new Error(thrown.map((each) => toError(each).message).join('; '))
  } catch {
    // A proxy that does not even tell what it is.
  }
  return new Error(quote(thrown))
}

/** A value as an error message shows it: short, and never throwing. */
export function quote(value: unknown): string {
  try {
    // JSON would say `{}`.
    if (value instanceof Promise) return 'a promise'
    // Nor can it say this.
    if (typeof value === 'bigint') return `${value}n`
    // JSON would say `null` for a number that is none, and nothing at all for a function.
    const json = typeof value === 'object' || typeof value === 'string'
    return (json ? JSON.stringify(value) : String(value)).slice(0, 80)
  } catch {
    return typeof value
  }
}
