/**
 * What Lambda calls a handler with: `(event, context)`, `(event, context, callback)` or `(event, responseStream, context)`.
 *
 * @module
 */
import type { Context as LambdaContext } from 'aws-lambda'
import { hasMethod, read } from '../../core/reading.ts'

/** The arguments of any handler. Only the first has the same place in every style. */
export type LambdaArgs = readonly [event: unknown, ...rest: unknown[]]

/**
 * The part of a response stream that is used. The runtime client passes a plain object that looks like a `Writable` but is not
 * one: it has these members, and neither `closed` nor `errored` (aws-lambda-ric 3.3 and 4.0, `ResponseStream`).
 */
export interface ResponseStream {
  readonly writableEnded: boolean
  once(event: string | symbol, listener: (error?: unknown) => void): unknown
}

/** The response stream of a call; `undefined` for a call that returns its response. */
export function responseStreamOf(args: LambdaArgs): ResponseStream | undefined {
  // Most calls have two arguments. If there is a callback, it is the third.
  if (args.length < 3 || typeof args[2] === 'function') return undefined
  const second = args[1]
  // Waiting for a stand-in that cannot tell when it has ended, as in a unit test, would never end.
  const real = hasMethod(second, 'write') && hasMethod(second, 'once') && typeof read(second, 'writableEnded') === 'boolean'
  return real ? (second as ResponseStream) : undefined
}

/** Whether the SDK of durable functions makes this call, with a context of its own. */
export const isInsideExecution = ([, context]: LambdaArgs): boolean =>
  hasMethod(context, 'runInChildContext') && read(context, 'lambdaContext') !== undefined

/** Lambda's context: the last argument of a streaming call, the second of any other. */
export const contextOf = (args: LambdaArgs): LambdaContext | undefined =>
  (responseStreamOf(args) ? args[2] : args[1]) as LambdaContext | undefined
