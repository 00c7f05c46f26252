import { after as afterwards } from 'next/server.js'
import { elapsed, nextTurn } from '../../core/clock.ts'
import { currentInvocation } from '../../core/current.ts'
import type { InvocationState } from '../../core/invocation.ts'
import type { Finish, Lifetime } from '../../core/platform.ts'

/** Milliseconds to wait for Next to say that a response has been sent. On the edge, Next does not say so if the handler threw. */
const SENT_MS = 500

/** Marks an invocation that is flushed after its response. Registered globally: a program may hold two copies of this package. */
const HELD: unique symbol = Symbol.for('flushed.next.held') as never

/**
 * A lifetime whose flushes begin when the response has been sent, and for which Next waits.
 *
 * @throws if there is no request, or not one of the app router
 */
export function afterResponse(invocation: InvocationState): Lifetime {
  let sent!: (turn: Promise<void>) => void
  let over!: () => void
  let flushes = 0
  const response = new Promise<void>((resolve) => (sent = resolve))
  // Once for all flushes: at the end of a stream, Next no longer knows which request it belongs to.
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
 * Next's `after()`, with the task known to the invocation: what the task records belongs to the invocation, and goes in a flush
 * of its own when the task is over.
 *
 * What a task of the `after()` of `next/server` records is late, because `flushed` does not learn of that task. If the response
 * waits for the flush (`flush: 'before-response'`) and the task is a function, what it records is late here too.
 *
 * @throws where Next's own throws: outside a request of the app router
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
  // A response that waits for the flush would have to wait for a task that begins only after it.
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
