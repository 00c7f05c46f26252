/**
 * Handlers that are over when the event loop is empty.
 *
 * @module
 */

type Listener = (code: number) => void

const EVENT = 'beforeExit'

/** Ends those that nothing but the end of the process would. One listener for all: many at once are no leak. */
const waiting = new Set<() => void>()
/** Who else listens, while any of them waits. */
let others: Listener[] = []

/**
 * What `settled` comes to. If the event loop is empty before that, `release` is called, which is to settle it.
 *
 * Other listeners are taken away for that long, and are back then, whoever has taken them away meanwhile. One is the runtime
 * client's own (3.3), which answers at that moment, and cannot be told to wait for a flush.
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
  // The raw ones: of those that listen `once`, the others would listen for ever when they are back.
  others = process.rawListeners(EVENT) as Listener[]
  others.forEach((listener) => process.off(EVENT, listener))
  process.on(EVENT, releaseAll)
}

function putBack(): void {
  process.off(EVENT, releaseAll)
  const since = process.listeners(EVENT)
  // Before those that have come since. One that has been added again meanwhile listens already.
  for (const listener of others.reverse()) if (!since.includes(heard(listener))) process.prependListener(EVENT, listener)
  others = []
}

/** What was given to `on` or `once`. */
const heard = (raw: Listener & { listener?: Listener }): Listener => raw.listener ?? raw

function releaseAll(): void {
  waiting.forEach((release) => release())
  // Others have missed this one, and hear of the next: there is one after another turn.
  setImmediate(() => {})
}
