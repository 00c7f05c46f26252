/**
 * Sends spans that finished a while ago in invocations that still run.
 *
 * @module
 */
import { clock, setIdleTimer } from '../core/clock.ts'
import type { Ledger } from './ledger.ts'

/**
 * Makes one timer for all invocations. It does not keep the process alive, and looks only at plain data when it fires.
 *
 * @param ledgers returns the ledgers of the live invocations
 * @param send sends the finished spans of a ledger, if there is room for them
 * @returns a function to call with a ledger when its first span waits, and a function that stops the timer for good
 */
export function aging(afterMs: number, ledgers: () => Ledger[], send: (ledger: Ledger) => void) {
  let timer: unknown

  function arm(ms: number): void {
    timer = setIdleTimer(() => {
      timer = undefined
      let nextMs = Infinity
      for (const ledger of ledgers()) {
        const leftMs = ledger.since + afterMs - clock().now()
        if (leftMs <= 0) send(ledger)
        if (ledger.finished.length) nextMs = Math.min(nextMs, leftMs > 0 ? leftMs : afterMs)
      }
      if (nextMs < Infinity) arm(nextMs)
    }, ms)
  }

  return [
    (ledger: Ledger): void => {
      ledger.since = clock().now()
      if (timer === undefined) arm(afterMs)
    },
    () => clock().clearTimeout(timer),
  ] as const
}
