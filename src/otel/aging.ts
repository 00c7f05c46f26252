/**
 * Sends what invocations that still run have finished a while ago.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import type { Ledger } from './ledger.ts'

/**
 * One timer for all invocations. It does not keep the process alive, and looks only at plain data when it fires.
 *
 * @param afterMs milliseconds; `false`: never
 * @param ledgers of the invocations that are live
 */
export function makeAging(afterMs: number | false, ledgers: () => Ledger[], send: (ledger: Ledger) => void) {
  let timer: unknown

  function arm(ms: number): void {
    timer = clock().setTimeout(sendAged, ms)
    ;(timer as { unref?(): void } | undefined)?.unref?.()
  }

  function sendAged(): void {
    timer = undefined
    let nextMs = Infinity
    for (const ledger of ledgers()) {
      const leftMs = ledger.since + Number(afterMs) - clock().now()
      if (leftMs <= 0) send(ledger)
      else if (ledger.finished.length > 0) nextMs = Math.min(nextMs, leftMs)
    }
    if (nextMs < Infinity) arm(nextMs)
  }

  return {
    /** The first of the spans that wait has finished. */
    began(ledger: Ledger): void {
      if (!afterMs) return
      ledger.since = clock().now()
      if (timer === undefined) arm(afterMs)
    },

    /** For good: the timer that is still there is no reason for another. */
    stop: () => clock().clearTimeout(timer),
  }
}
