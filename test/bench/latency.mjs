/** Measures how long a caller waits for the response of each contestant's function, by the behavior of the backend. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DEPLOYED, ON_LAMBDA } from './deployed.mjs'
import { withFunctions } from './sandboxes.mjs'
import { quantile } from './summary.mjs'

/**
 * @typedef {import('./backend.mjs').Behavior} Behavior
 *
 * @typedef {object} LatencyRow
 * @property {string} contestant
 * @property {Partial<Record<Behavior, number>>} addedMs in addition to the bare handler's response: the median. Absent: not measured.
 * @property {Behavior[]} failed the behaviors with which an invocation failed
 */

/** Behaviors with which an invocation takes milliseconds. The functions take turns, because they would disturb each other. */
export const QUICK = ['fast', 'slow']
/** Behaviors with which an invocation may take seconds, all of them spent waiting. The functions wait at the same time. */
export const OUTAGES = ['hung', 'refusing', '503']

const EVENT = { children: 5 }
// Keeps the functions from doing their first and last work all at once.
const APART_MS = 250

const inTurns = async (functions, into) => {
  for (const running of functions) into(running.name, await running.invoke(EVENT))
}
const together = (functions, into) =>
  Promise.all(
    functions.map(async (running, i) => {
      await sleep(i * APART_MS)
      into(running.name, await running.invoke(EVENT))
    }),
  )

/**
 * @param {Behavior} behavior
 * @param {number} rounds
 * @returns {Promise<Record<string, { ms: number, ok: boolean }[]>>} by contestant, a result for each round
 */
async function measureOne(behavior, rounds) {
  const names = ON_LAMBDA.filter((name) => behavior === 'fast' || !DEPLOYED[name].local)
  return withFunctions(names, async (functions) => {
    for (const { backend } of functions) await backend.behave(behavior)
    const results = Object.fromEntries(names.map((name) => [name, []]))
    const run = QUICK.includes(behavior) ? inTurns : together
    for (let round = 0; round < rounds; round++) await run(functions, (name, result) => results[name].push(result))
    return results
  })
}

/**
 * @param {{ rounds: number, outages: number }} plan how often each function is invoked, and in an outage
 * @param {(what: string) => void} progress
 * @returns {Promise<LatencyRow[]>}
 */
export async function measureLatency({ rounds, outages }, progress) {
  const rows = ON_LAMBDA.map((contestant) => ({ contestant, addedMs: {}, failed: [] }))
  for (const behavior of [...QUICK, ...OUTAGES]) {
    progress(`response, backend ${behavior}`)
    const results = await measureOne(behavior, QUICK.includes(behavior) ? rounds : outages)
    for (const { contestant, addedMs, failed } of rows) {
      const own = results[contestant]
      if (own === undefined) continue
      addedMs[behavior] = quantile(own.map(({ ms }, round) => ms - results.bare[round].ms), 0.5)
      if (own.some(({ ok }) => !ok)) failed.push(behavior)
    }
  }
  return rows
}
