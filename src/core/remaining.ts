/**
 * How much time a function has left, according to Lambda's context: for every entry that may get such a context.
 *
 * @module
 */
import { hasMethod } from './reading.ts'

/** A flush is over this many milliseconds before the function's timeout, so that the response can still be sent. */
export const MARGIN_MS = 50

/** The part of Lambda's context that other entries use. */
export interface TimedContext {
  readonly awsRequestId?: unknown
  getRemainingTimeInMillis(): number
}

/** Whether something is Lambda's context. */
export const isLambdaContext = (value: unknown): value is TimedContext => hasMethod(value, 'getRemainingTimeInMillis')

/** Contexts that had no time left when their invocation began. */
const timeless = new WeakSet<object>()

/**
 * Milliseconds to the function's timeout. `Infinity` if the context cannot tell, or answers nonsense, as the contexts of local
 * runners and tests may.
 */
export function leftMs(context: unknown): number {
  const left = isLambdaContext(context) ? Number(context.getRemainingTimeInMillis()) : NaN
  return Number.isNaN(left) || (left <= 0 && timeless.has(context as object)) ? Infinity : left
}

/**
 * The same, asked when an invocation begins. No function is invoked with no time left: a context that says so then has been
 * made up, and is not believed later either.
 */
export function leftAtFirstMs(context: unknown): number {
  const left = leftMs(context)
  if (left > 0) return left
  timeless.add(context as object)
  return Infinity
}
