/**
 * Streaming handlers: an invocation that is over when its response stream is.
 *
 * @module
 */
import { trace } from '@opentelemetry/api'
import { currentInvocation } from '../../core/current.ts'
import { settledWithin } from '../../core/deadline.ts'
import { recordError } from '../../core/span.ts'
import type { Lifetime } from '../../core/types.ts'
import { type LambdaArgs, type ResponseStream, responseStreamOf } from './arguments.ts'
import { FLUSHED_RESPONSE_STREAM } from './attributes.ts'
import { StreamEnd } from './stream-end.ts'

/** The ends of the streams of live invocations. */
const ends = new WeakMap<ResponseStream, StreamEnd>()

/**
 * Runs a streaming handler until it has settled and its stream has ended, as the runtime client does, which answers to
 * nothing before it has both. Comes to the handler's own result or error; how the stream ended is on the active span.
 *
 * The status that a handler gives to `awslambda.HttpResponseStream.from` stays unknown: the client keeps it in a closure.
 *
 * @param remainingMs milliseconds that may be waited for a stream that the handler has left open
 */
export async function streamed(run: () => unknown, stream: ResponseStream, remainingMs: () => number): Promise<unknown> {
  const span = trace.getActiveSpan()
  // A handler that is wrapped again within another's invocation is not flushed by itself, and has no lifetime.
  const outermost = span !== undefined && currentInvocation()?.root === span
  const end = new StreamEnd(stream, outermost)
  if (outermost) ends.set(stream, end)
  const result = await Promise.race([run(), end.crash])
  await settledWithin(end.over, remainingMs)
  if (span !== undefined && end.state === 'failed') recordError(span, end.error)
  else if (end.state !== 'finished') span?.setAttribute(FLUSHED_RESPONSE_STREAM, end.state)
  return result
}

const AFTER_END: Lifetime = { phase: 'after-response', hold: (finish) => finish() }

/**
 * When a streaming call is flushed: in place, which is after the response once the stream has ended, for then the caller
 * has all of it and the runtime waits for nothing but the handler. `undefined` for any other call, and for a handler that
 * has failed before the end of its stream: the runtime ends that, with the error in the trailers, when the flush is over.
 */
export function streamLifetime(args: LambdaArgs): Lifetime | undefined {
  const stream = responseStreamOf(args)
  const end = stream && ends.get(stream)
  if (end?.state !== 'failed') return stream?.writableEnded ? AFTER_END : undefined
  return {
    phase: 'before-response',
    async hold(finish) {
      await finish()
      end.allowCrash()
    },
  }
}
