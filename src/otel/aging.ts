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
 * @param ledgers of the invocations that are live
 * @param send sends what a ledger has finished, if there is room for it
 * @returns what is to be told of the first span that waits, and what ends it for good
 */
export function aging(afterMs: number, ledgers: () => Ledger[], send: (ledger: Ledger) => void) {
  let timer: unknown

  function arm(ms: number): void {
    timer = clock().setTimeout(() => {
      timer = undefined
      let nextMs = Infinity
      for (const ledger of ledgers()) {
        const leftMs = ledger.since + afterMs - clock().now()
        if (leftMs <= 0) send(ledger)
        if (ledger.finished.length > 0) nextMs = Math.min(nextMs, leftMs > 0 ? leftMs : afterMs)
      }
      if (nextMs < Infinity) arm(nextMs)
    }, ms)
    ;(timer as { unref?(): void } | undefined)?.unref?.()
  }

  return [
    (ledger: Ledger): void => {
      ledger.since = clock().now()
      if (timer === undefined) arm(afterMs)
    },
    () => clock().clearTimeout(timer),
  ] as const
}
