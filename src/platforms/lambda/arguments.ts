/**
 * What Lambda calls a handler with: `(event, context)`, `(event, context, callback)` or `(event, responseStream, context)`.
 *
 * @module
 */
import type { Context as LambdaContext } from 'aws-lambda'
import { hasMethod, read } from '../../core/reading.ts'

/** The arguments of any handler, as far as their order is always the same. */
export type LambdaArgs = readonly [event: unknown, ...rest: unknown[]]

/**
 * What is used of a response stream. The runtime client passes a plain object that looks like a `Writable` and is none:
 * it has these, and neither `closed` nor `errored` (aws-lambda-ric 3.3 and 4.0, `ResponseStream`).
 */
export interface ResponseStream {
  readonly writableEnded: boolean
  once(event: string | symbol, listener: (error?: unknown) => void): unknown
}

/** The response stream of a call; `undefined` for a call that is to return its response. */
export function responseStreamOf(args: LambdaArgs): ResponseStream | undefined {
  // Most calls have two arguments, and those with a callback have that as their third.
  if (args.length < 3 || typeof args[2] === 'function') return undefined
  const second = args[1]
  // A stand-in that cannot tell when it has ended, as in a unit test, would never be waited for to the end.
  const real = hasMethod(second, 'write') && hasMethod(second, 'once') && typeof read(second, 'writableEnded') === 'boolean'
  return real ? (second as ResponseStream) : undefined
}

/** Whether it is the SDK of durable functions that calls, with a context of its own. */
export const isInsideExecution = ([, context]: LambdaArgs): boolean =>
  hasMethod(context, 'runInChildContext') && read(context, 'lambdaContext') !== undefined

/** Lambda's context: the last argument of a streaming call, the second of any other. */
export const contextOf = (args: LambdaArgs): LambdaContext | undefined =>
  (responseStreamOf(args) ? args[2] : args[1]) as LambdaContext | undefined
