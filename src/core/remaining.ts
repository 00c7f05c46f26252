/**
 * How long a function has left, by the context that Lambda hands out: for whatever entry it has been handed to.
 *
 * @module
 */
import { hasMethod } from './reading.ts'

/** Milliseconds before the function's timeout by which a flush is over, so that the response can still be sent. */
export const MARGIN_MS = 50

/** What of Lambda's context other entries use. */
export interface TimedContext {
  readonly awsRequestId?: unknown
  getRemainingTimeInMillis(): number
}

/** Whether something is Lambda's context. */
export const isLambdaContext = (value: unknown): value is TimedContext => hasMethod(value, 'getRemainingTimeInMillis')

/** Contexts that had no time when their invocation began. */
const timeless = new WeakSet<object>()

/**
 * Milliseconds to the function's timeout. `Infinity` where the context cannot tell, or answers nonsense, as those of local
 * runners and tests may.
 */
export function leftMs(context: unknown): number {
  const left = isLambdaContext(context) ? Number(context.getRemainingTimeInMillis()) : NaN
  return Number.isNaN(left) || (left <= 0 && timeless.has(context as object)) ? Infinity : left
}

/**
 * The same as an invocation begins. Nobody is invoked without any time: a context that says so then has been made up, and is
 * not believed later either.
 */
export function leftAtFirstMs(context: unknown): number {
  const left = leftMs(context)
  if (left > 0) return left
  timeless.add(context as object)
  return Infinity
}
