/**
 * Streaming handlers: an invocation is over when its response stream is.
 *
 * @module
 */
import { trace } from '@opentelemetry/api'
import { alarms } from '../../core/alarm.ts'
import * as ATTRIBUTE from '../../core/attributes.ts'
import { currentInvocation } from '../../core/current.ts'
import { Deadline, settledWithin } from '../../core/deadline.ts'
import { isolate } from '../../core/isolate.ts'
import { recordError } from '../../core/span.ts'
import type { Lifetime } from '../../core/platform.ts'
import { type LambdaArgs, type ResponseStream, contextOf, responseStreamOf } from './arguments.ts'
import { StreamEnd } from './stream-end.ts'

/** The ends of the streams of live invocations. */
const ends = new WeakMap<ResponseStream, StreamEnd>()

/**
 * Runs a streaming handler until it has settled and its stream has ended. The runtime client also waits for both. Settles with
 * the handler's own result or error. How the stream ended is recorded on the active span.
 *
 * The status that a handler gives to `awslambda.HttpResponseStream.from` stays unknown: the client keeps it in a closure.
 *
 * @param remainingMs milliseconds to wait, at most, for a stream that the handler has left open
 */
export async function streamed(run: () => unknown, stream: ResponseStream, remainingMs: () => number): Promise<unknown> {
  const span = trace.getActiveSpan()
  // A handler that is wrapped again, within another's invocation, is not flushed by itself and has no lifetime.
  const outermost = span !== undefined && currentInvocation()?.root === span
  const end = new StreamEnd(stream, outermost)
  if (outermost) ends.set(stream, end)
  const result = await Promise.race([run(), end.crash])
  await settledWithin(end, new Deadline(remainingMs(), alarms), true)
  if (span !== undefined && end.state === 'failed') recordError(span, end.error)
  else if (end.state !== 'finished') span?.setAttribute(ATTRIBUTE.responseStream, end.state)
  return result
}

interface StreamLifetime extends Lifetime {
  /** Whether nothing is flushed after this: a stream that has failed takes the process with it. */
  readonly last: boolean
}

/**
 * The lifetime of a streaming call, which is flushed in place. Once the stream has ended, that is after the response: the caller
 * has all of it, and the runtime waits only for the handler. `undefined` for any other call, and for a handler that has failed
 * before the end of its stream: the runtime ends that stream, with the error in the trailers, when the flush is over.
 */
export function streamLifetime(args: LambdaArgs): StreamLifetime | undefined {
  const stream = responseStreamOf(args)
  const end = stream && ends.get(stream)
  if (!stream || !end) return undefined
  const waiting = contextOf(args)?.callbackWaitsForEmptyEventLoop === true
  const last = end.state === 'failed'
  if (!last && !waiting && !stream.writableEnded) {
    end.allowCrash()
    return undefined
  }
  return {
    phase: stream.writableEnded ? 'after-response' : 'before-response',
    last,
    async hold(finish) {
      await finish()
      if (waiting) waitForNoExport(args)
      // The stream may have failed meanwhile.
      end.allowCrash()
    },
  }
}

let abandoned = false

/**
 * Tells client 3.3 not to wait for an export that was cut. By default, the client takes no further invocation before the event
 * loop is empty. An export that a deadline has cut goes on for as long as its collector hangs, and would hold the function until
 * its timeout.
 */
function waitForNoExport(args: LambdaArgs): void {
  const outcome = isolate.previous?.outcome
  abandoned ||= outcome !== undefined && outcome !== 'delivered' && outcome !== 'nothing_to_send'
  const context = contextOf(args)
  if (abandoned && context) context.callbackWaitsForEmptyEventLoop = false
}
