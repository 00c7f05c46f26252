/**
 * Every error of the package, each with a stable `code`. They are branded by a registered symbol, since `instanceof`
 * fails as soon as a bundle holds two copies of a package.
 *
 * @module
 */

const BRAND = Symbol.for('flushed.error')

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
  typeof value === 'object' && value !== null && BRAND in value

const brand = <E extends Error>(error: E, code: ErrorCode): E & FlushedError =>
  Object.defineProperty(Object.assign(error, { code }), BRAND, { value: true })

/** Bad input, found when wrapping. Names the option and quotes the value. */
export const invalidOption = (option: string, value: unknown, expected: string): TypeError & FlushedError =>
  brand(new TypeError(`flushed: option \`${option}\` must be ${expected}, got ${quote(value)}`), 'FLUSHED_INVALID_OPTION')

/** An option nobody knows, with those there are. */
const unknownOption = (option: string, known: readonly string[]): TypeError & FlushedError =>
  brand(
    new TypeError(`flushed: unknown option \`${option}\`; the options are ${known.map((name) => `\`${name}\``).join(', ')}`),
    'FLUSHED_INVALID_OPTION',
  )

/**
 * Checks that options are an object with no option but those known.
 *
 * @throws TypeError naming the option, or quoting what is no object
 */
export function checkKeys(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', options, 'an object')
  for (const key of Object.keys(options)) if (!known.includes(key)) throw unknownOption(key, known)
}

/** A flushable had not finished at the deadline. */
export const timedOut = (what: string, afterMs: number): FlushedError =>
  brand(new Error(`${what} timed out after ${Math.round(afterMs)} ms`), 'FLUSHED_TIMEOUT')

/** A handler had not settled shortly before its platform's timeout. */
export const aboutToTimeOut = (): FlushedError =>
  brand(named('TimeoutError', 'the handler had not settled shortly before its timeout'), 'FLUSHED_TIMEOUT')

/** A handler was still running when its sandbox was stopped. */
export const stopped = (signal: string): FlushedError =>
  brand(named('StoppedError', `the sandbox was stopped (${signal}) before the handler had settled`), 'FLUSHED_STOPPED')

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

/** An exporter refused spans, or failed to send them. */
export const exportFailed = (message: string, cause: unknown): FlushedError =>
  brand(new Error(message, { cause }), 'FLUSHED_EXPORT_FAILED')

/** Whatever was thrown, as an `Error`: handlers and flushes may throw or reject with anything, `undefined` included. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(describeThrown(thrown)))

// OpenTelemetry's `TracerProvider.forceFlush` rejects with an array of errors.
const describeThrown = (thrown: unknown): string =>
  Array.isArray(thrown) ? thrown.map((each) => toError(each).message).join('; ') : quote(thrown)

/** A value as an error message shows it: short, and never throwing. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    return JSON.stringify(value)?.slice(0, 80) ?? Object.prototype.toString.call(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
