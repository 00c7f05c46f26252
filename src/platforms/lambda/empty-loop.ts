/**
 * Handlers that are over when the event loop is empty.
 *
 * @module
 */

type Listener = (code: number) => void

const EVENT = 'beforeExit'

/** Ends the handlers that only the end of the process would end. One listener for all: many at once are not a listener leak. */
const waiting = new Set<() => void>()
/** The other listeners, taken away while a handler waits. */
let others: Listener[] = []

/**
 * Settles as `settled` does. If the event loop is empty before that, calls `release`, which must settle `settled`.
 *
 * Other listeners are taken away for that time. They are put back afterwards, even if somebody else has removed them meanwhile.
 * One of them is the runtime client's own (3.3): it answers at that moment, and cannot be told to wait for a flush.
 */
export function untilEmpty<T>(settled: Promise<T>, release: () => void): Promise<T> {
  if (waiting.size === 0) takeAway()
  waiting.add(release)
  return settled.finally(() => {
    waiting.delete(release)
    if (waiting.size === 0) putBack()
  })
}

function takeAway(): void {
  // The raw listeners. Otherwise, those added by `once` would listen for ever when they are back.
  others = process.rawListeners(EVENT) as Listener[]
  others.forEach((listener) => process.off(EVENT, listener))
  process.on(EVENT, releaseAll)
}

function putBack(): void {
  process.off(EVENT, releaseAll)
  const since = process.listeners(EVENT)
  // In front of the listeners that have come since. A listener that was added again meanwhile already listens.
  for (const listener of others.reverse()) if (!since.includes(heard(listener))) process.prependListener(EVENT, listener)
  others = []
}

/** The function that was given to `on` or `once`. */
const heard = (raw: Listener & { listener?: Listener }): Listener => raw.listener ?? raw

function releaseAll(): void {
  waiting.forEach((release) => release())
  // The other listeners have missed this event, and hear the next: after another turn, Node emits it again.
  setImmediate(() => {})
}
