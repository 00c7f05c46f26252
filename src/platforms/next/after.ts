import { after } from 'next/server.js'
import { clock } from '../../core/clock.ts'
import type { Finish, Lifetime } from '../../core/types.ts'

/**
 * A flush that Next runs once the response has been sent.
 *
 * @throws where there is no request, or not one of the app router
 */
export function afterResponse(): Lifetime {
  let finish: Finish | undefined
  let settled!: () => void
  const handled = new Promise<void>((resolve) => (settled = resolve))
  let sent = false
  after(async () => {
    // A client that leaves closes the response while the handler is still running.
    await handled
    // Next's own spans around the handler end in the turn after this one, and go with this flush.
    await new Promise<void>((resolve) => clock().setTimeout(resolve, 0))
    sent = true
    await finish?.()
  })
  return {
    phase: 'after-response',
    apart: true,
    hold(latest) {
      if (sent) return void latest()
      // What is later does all that is left to do.
      finish = latest
      settled()
    },
  }
}
