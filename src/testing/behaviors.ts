/**
 * Checks what a test tells the collector, as soon as it does: what the collector made of a typo would look like the
 * exporter's doing.
 *
 * @module
 */
import { checkKeys, invalidOption } from '../core/errors.ts'
import { type Check, checkOptions } from '../core/options.ts'
import type {
  BehaviorRule,
  Behaviors,
  CollectorAnswer,
  CollectorBehavior,
  CollectorOptions,
  WaitOptions,
} from './collector-types.ts'
import { oneOf } from './one-of.ts'
import type { Signal } from './telemetry.ts'

const isFrom = (value: unknown, least: number, most = Infinity): boolean =>
  Number.isFinite(value) && (value as number) >= least && (value as number) <= most
const integer = (least: number, most: number): Check => [
  `an integer from ${least} to ${most}`,
  (value) => Number.isInteger(value) && isFrom(value, least, most),
]
// Node treats a longer timer as one of 1 ms.
const MS: Check = ['a number of milliseconds from 0 to 2147483647', (value) => isFrom(value, 0, 2 ** 31 - 1)]
// Node throws for other text, but only when it is written.
const isHeader = (value: unknown) => typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value)

const ANSWER = {
  delayMs: MS,
  status: integer(200, 599),
  retryAfter: ['a number of seconds or an HTTP date', (value) => isFrom(value, 0) || isHeader(value)],
  partialSuccess: integer(0, Number.MAX_SAFE_INTEGER),
  message: ['a string', (value) => typeof value === 'string'],
} satisfies Record<keyof CollectorAnswer, Check>
const WAIT = { timeoutMs: MS } satisfies Record<keyof WaitOptions, Check>
const COLLECTOR = { port: integer(0, 65_535) } satisfies Record<Exclude<keyof CollectorOptions, 'behavior'>, Check>

const [NAMES, isNamed] = oneOf<Extract<CollectorBehavior, string>>({ ok: 1, hang: 1, reset: 1 })
const SIGNALS = Object.keys({ traces: 1, metrics: 1, logs: 1 } satisfies Record<Signal, 1>)
const BEHAVIOR = `${NAMES} or an answer such as { status: 503 }`

/** Whether these are rules by signal; no behavior has a key named like a signal. */
export const isBySignal = (behaviors: Behaviors): behaviors is { readonly [S in Signal]?: BehaviorRule } =>
  behaviors === Object(behaviors) && SIGNALS.some((signal) => signal in Object(behaviors))

/** @throws TypeError naming the option and quoting the value */
export const checkAnswer = (answer: CollectorAnswer): void => checkOptions(answer, ANSWER)

/** @throws TypeError naming the option and quoting the value */
export const checkWait = (options: WaitOptions): void => checkOptions(options, WAIT)

/** @throws TypeError naming the option and quoting the value */
export function checkCollectorOptions(options: CollectorOptions): void {
  checkOptions<keyof typeof COLLECTOR>(options, COLLECTOR, ['behavior'])
  if (options.behavior !== undefined) checkBehaviors(options.behavior)
}

/** @throws TypeError naming the option and quoting the value */
export function checkBehaviors(behaviors: Behaviors): void {
  if (typeof behaviors === 'function') return
  // If a signal is misspelt, the error also lists the signals.
  if (!isBySignal(behaviors)) return checkBehavior('behavior', behaviors, `${BEHAVIOR}, or a function`, SIGNALS)
  checkKeys(behaviors, SIGNALS)
  for (const [signal, rule] of Object.entries(behaviors)) {
    if (rule !== undefined && typeof rule !== 'function') checkBehavior(signal, rule, `${BEHAVIOR}, or a function`)
  }
}

/**
 * Checks what a function returned for a request.
 *
 * @throws TypeError naming the option and quoting the value
 */
export function checkPicked(behavior: unknown): void {
  checkBehavior('behavior', behavior instanceof Promise ? 'a promise' : behavior, `a function that returns ${BEHAVIOR}`)
}

function checkBehavior(option: string, behavior: unknown, expected: string, others?: readonly string[]): void {
  if (isNamed(behavior)) return
  if (typeof behavior !== 'object' || behavior === null || Array.isArray(behavior)) throw invalidOption(option, behavior, expected)
  checkOptions(behavior, ANSWER, others)
}
