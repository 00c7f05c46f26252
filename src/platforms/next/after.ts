import { after as afterwards } from 'next/server.js'
import { elapsed, nextTurn } from '../../core/clock.ts'
import { currentInvocation } from '../../core/current.ts'
import type { InvocationState } from '../../core/invocation.ts'
import type { Finish, Lifetime } from '../../core/platform.ts'

/** Milliseconds to wait for Next to say that a response has been sent: of a handler that has thrown, it does not on the edge. */
const SENT_MS = 500

/** Has an invocation that is flushed when the response has been sent: of whatever copy of this package, for a program may hold two. */
const HELD: unique symbol = Symbol.for('flushed.next.held') as never

/**
 * Flushes that begin when the response has been sent, and that Next waits for.
 *
 * @throws where there is no request, or not one of the app router
 */
export function afterResponse(invocation: InvocationState): Lifetime {
  let sent!: (turn: Promise<void>) => void
  let over!: () => void
  let flushes = 0
  const response = new Promise<void>((resolve) => (sent = resolve))
  // Once for all flushes: where a stream ends, Next no longer knows whose it is.
  afterwards(new Promise<void>((resolve) => (over = resolve)))
  // Next's own spans around the handler end in the turn after this one, and go with the flush.
  afterwards(() => sent(nextTurn()))
  Object.assign(invocation, { [HELD]: true })
  const flush = async (finish: Finish) => {
    flushes++
    await Promise.race([response, elapsed(SENT_MS)])
    await finish()
    if (--flushes === 0 && invocation.ended) over()
  }
  return { phase: 'after-response', apart: true, hold: (finish) => void flush(finish) }
}

/**
 * Next's `after()`, as the invocation knows of it: what the task records goes with the invocation, in a flush of its own when
 * the task is over. What a task of `next/server`'s records is late, since nobody is told of it, and so is what one of this
 * records where the response waits for the flush (`flush: 'before-response'`).
 *
 * @throws where Next's throws: outside of a request of the app router
 *
 * @example
 * export const POST = withTelemetry(async (request: NextRequest) => {
 *   after(() => audit(request))
 *   return Response.json({ accepted: true })
 * })
 */
export function after(task: PromiseLike<unknown> | (() => unknown)): void {
  const invocation = currentInvocation()
  if (typeof task !== 'function') {
    afterwards(task)
    return invocation?.waitUntil(task)
  }
  // A response that waits for the flush would wait for what begins after it.
  if (!invocation || !(HELD in invocation)) return afterwards(task)
  let over!: () => void
  const work = new Promise<void>((resolve) => (over = resolve))
  afterwards(async () => {
    try {
      await task()
    } finally {
      over()
    }
  })
  invocation.waitUntil(work)
}
