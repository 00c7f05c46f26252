/** Measures how much of an invocation has been acknowledged when its sandbox freezes, with a slow backend. */
import { SLOW_MS } from './backend.mjs'
import { DEPLOYED, ON_LAMBDA } from './deployed.mjs'
import { withFunctions } from './sandboxes.mjs'

/**
 * @typedef {object} FreezeRow
 * @property {string} contestant
 * @property {Record<string, number | undefined>} share of its child spans, by scenario
 * @property {number} requests an invocation, in the everyday scenario
 * @property {number} bytes
 */

/** The batch processor starts to export at 512 spans. With the root span, the last span that ends is the 512th. */
export const SCENARIOS = {
  everyday: { children: 5 },
  'one left open': { children: 5, open: 1 },
  'export in flight': { children: 511 },
}

const CONTESTANTS = ON_LAMBDA.filter((name) => name !== 'bare')

/**
 * @param {{ rounds: number }} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<{ backendMs: number, rows: FreezeRow[] }>}
 */
export async function measureFreeze({ rounds }, progress) {
  const rows = CONTESTANTS.map((contestant) => ({ contestant, share: {}, requests: 0, bytes: 0 }))
  await withFunctions(CONTESTANTS, async (functions) => {
    for (const { name, backend } of functions) await backend.behave(DEPLOYED[name].local ? 'fast' : 'slow')
    for (const [scenario, event] of Object.entries(SCENARIOS)) {
      progress(`acknowledged at freeze, ${scenario}`)
      for (const [i, running] of functions.entries()) await measureOne(running, scenario, event, rounds, rows[i])
    }
  })
  return { backendMs: SLOW_MS, rows }
}

async function measureOne(running, scenario, event, rounds, row) {
  const { events, held } = DEPLOYED[running.name]
  if (events && scenario !== 'everyday') return
  running.backend.reset()
  let acknowledged = 0
  for (let round = 0; round < rounds; round++) {
    // An everyday invocation sends what the last one has left behind. Otherwise that would be the export in flight.
    if (scenario === 'export in flight') await running.invoke(SCENARIOS.everyday)
    const { acknowledged: own } = await running.invoke(event)
    acknowledged += events ? Math.min(own, 1) : own
  }
  const created = events ? 1 : event.children + (event.open ?? 0)
  if (!held) row.share[scenario] = acknowledged / (created * rounds)
  if (scenario !== 'everyday') return
  // The requests include those with late spans.
  row.requests = running.backend.counts.requests / rounds
  row.bytes = running.backend.counts.bytes / rounds
}
