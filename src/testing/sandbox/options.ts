/**
 * Checks what a test tells the sandbox.
 *
 * @module
 */
import { basename, isAbsolute } from 'node:path'
import { badOption, invalidOption, quote } from '../../core/errors.ts'
import { type Check, checkOptions, isPositive } from '../../core/options.ts'
import { oneOf } from '../one-of.ts'
import type { Disconnect, InvokeOptions, LambdaOptions, RegistrationRefusal } from './types.ts'

const isObject = (value: unknown) => typeof value === 'object' && value !== null
const isAmount = (value: unknown) => value === 0 || isPositive(value)
const isInteger = (value: unknown) => Number.isInteger(value) && isPositive(value)
const MS: Check = ['a positive number of milliseconds', isPositive]
const TEXT: Check = ['a non-empty string', (value) => typeof value === 'string' && value !== '']
const FLAG: Check = ['a boolean', (value) => typeof value === 'boolean']
// Node throws for some of the other characters, but only after the process has been continued to get them.
const HEADER: Check = ['a non-empty string of ASCII without spaces', (value) => typeof value === 'string' && /^[!-~]+$/.test(value)]
const JSON_VALUE: Check = ['what JSON can express', (value) => toJson(value) !== undefined]

/** The value as JSON; `undefined` for what JSON leaves out or refuses: a function, a cycle, a big integer. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const REFUSAL = oneOf<Extract<RegistrationRefusal, string>>({
  'Extension.InvalidEventType': 1,
  'Extension.RegistrationClosed': 1,
  'Extension.InvalidExtensionState': 1,
  'Extension.TooManyExtensions': 1,
  hang: 1,
  reset: 1,
})

const LAMBDA = {
  runtime: [
    'an object with `command`, a path',
    (value) => isObject(value) && TEXT[1]((value as Partial<LambdaOptions['runtime'] & object>).command),
  ],
  env: ['an object', isObject],
  functionName: TEXT,
  functionVersion: TEXT,
  memorySizeMb: ['a positive number', isPositive],
  timeoutMs: MS,
  initTimeoutMs: MS,
  earlyReturn: FLAG,
  concurrency: ['a positive integer', isInteger],
  extensions: ['an object', isObject],
  externalExtension: FLAG,
} satisfies Record<Exclude<keyof LambdaOptions, 'handler'>, Check>

const EXTENSIONS = {
  refuse: [`${REFUSAL[0]} or an HTTP status`, (value) => REFUSAL[1](value) || isInteger(value)],
  answerAfterMs: ['a number of milliseconds', isAmount],
  resetNext: ['a positive integer', isInteger],
} satisfies Record<keyof NonNullable<LambdaOptions['extensions']>, Check>

const INVOKE = {
  disconnect: ['an object with `afterBytes`', (value) => isObject(value) && 'afterBytes' in (value as object)],
  requestId: HEADER,
  traceId: HEADER,
  clientContext: JSON_VALUE,
  cognitoIdentity: JSON_VALUE,
  functionArn: HEADER,
} satisfies Record<keyof InvokeOptions, Check>

const DISCONNECT = {
  afterBytes: ['a number of bytes', isAmount],
  whose: oneOf<NonNullable<Disconnect['whose']>>({ caller: 1, runtime: 1 }),
} satisfies Record<keyof Disconnect, Check>

/** A handler in its two parts. */
export type Handler = Exclude<LambdaOptions['handler'], string>

/** @throws TypeError naming the option and quoting the value */
export function checkHandler(handler: LambdaOptions['handler'], parts: Partial<Handler> | undefined): asserts parts is Handler {
  const { taskRoot, name } = parts ?? {}
  if (typeof taskRoot === 'string' && isAbsolute(taskRoot) && typeof name === 'string' && /^[^.]+\.[^.]/.test(basename(name))) return
  throw invalidOption('handler', handler, "an absolute path and an export, such as '/app/orders.handler'")
}

/** @throws TypeError naming the option and quoting the value */
export function checkLambda(options: LambdaOptions): void {
  checkOptions<keyof typeof LAMBDA>(options, LAMBDA, ['handler'])
  if (options.extensions) checkOptions(options.extensions, EXTENSIONS)
}

/** @throws TypeError naming the event or the option, and quoting the value */
export function checkInvoke(event: unknown, options: InvokeOptions): void {
  const [expected, valid] = JSON_VALUE
  if (event !== undefined && !valid(event)) throw badOption(`\`event\` must be ${expected}, got ${quote(event)}`)
  checkOptions(options, INVOKE)
  if (options.disconnect) checkOptions(options.disconnect, DISCONNECT)
}
