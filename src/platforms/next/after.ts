import { after } from 'next/server.js'
import { clock } from '../../core/clock.ts'
import type { Finish, Lifetime } from '../../core/types.ts'

/**
 * A flush that Next runs once the response has been sent.
 *
 * @throws where there is no request, or not one of the app router
 */
export function afterResponse(): Lifetime {
  let settle!: (finish: Finish) => void
  const settled = new Promise<Finish>((resolve) => (settle = resolve))
  after(async () => {
    // A client that leaves closes the response while the handler is still running.
    const finish = await settled
    // Next's own spans around the handler end in the turn after this: theirs is the same flush.
    await new Promise<void>((resolve) => clock().setTimeout(resolve, 0))
    await finish()
  })
  return { phase: 'after-response', hold: settle }
}
