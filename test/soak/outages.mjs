/** Makes a collector fail in random ways, one after the other, until it is told to end. */
import { setTimeout as sleep } from 'node:timers/promises'

const BEHAVIORS = {
  'answers at once': () => 'ok',
  'is slow': (random) => ({ delayMs: random(50, 1200) }),
  hangs: () => 'hang',
  'says 503': (random) => ({ status: 503, ...(random(0, 1) && { retryAfter: 1 }) }),
  'says 429': () => ({ status: 429, retryAfter: 1 }),
  'says 400': () => ({ status: 400 }),
  'resets connections': () => 'reset',
}
const REFUSES = 'refuses connections'
const WAYS = [...Object.keys(BEHAVIORS), REFUSES]

/** How long each behavior lasts, in milliseconds. Between any two, the collector answers at once for a time in the same range. */
const LASTS_MS = [300, 8000]

export function outages(collector, random) {
  const seconds = {}
  const over = new AbortController()
  const during = async (way) => {
    const startedAt = performance.now()
    await sleep(random(...LASTS_MS), undefined, { signal: over.signal }).catch(() => {})
    seconds[way] = Math.round((seconds[way] ?? 0) + (performance.now() - startedAt) / 1000)
  }
  const running = (async () => {
    while (!over.signal.aborted) {
      await during('answers at once')
      const way = WAYS[random(0, WAYS.length - 1)]
      if (way === REFUSES) await collector.refuse()
      else collector.behave(BEHAVIORS[way](random))
      await during(way)
      if (way === REFUSES) await collector.accept()
      collector.behave('ok')
      // Requests that hung are answered at last, with success or with 503.
      if (way === 'hangs') collector.release(random(0, 1) ? {} : { status: 503 })
    }
  })()
  return {
    async end() {
      over.abort()
      await running
      return seconds
    },
  }
}
