/**
 * The order in which contestants are measured. Everything here serves one purpose: two numbers of one case must differ because of
 * what the contestants do, and not because of when they were measured.
 */
import { next, start } from './children.mjs'
import { contestantsOf, spansExpected } from './names.mjs'

/**
 * @typedef {import('./setup.mjs').Mode} Mode
 * @typedef {import('./process.mjs').Turn} Turn
 *
 * @typedef {object} Plan
 * @property {Mode} mode
 * @property {number[]} children how many child spans an invocation records, in each case
 * @property {number} rounds processes for each contestant
 * @property {number} turns of each process, in each case
 * @property {number} ms of one turn
 * @property {number} warmUpMs
 *
 * @typedef {object} Case
 * @property {Mode} mode
 * @property {number} children
 * @property {Record<string, Turn[][]>} rounds by contestant: the turns of each round
 */

/**
 * Runs all cases of one mode. In each round every contestant has a new process, and they take turns.
 *
 * @param {Plan} plan
 * @param {string} url of the collector
 * @param {(what: string) => void} progress
 * @returns {Promise<Case[]>}
 */
export async function measure(plan, url, progress) {
  const cases = plan.children.map((children) => ({
    mode: plan.mode,
    children,
    rounds: Object.fromEntries(contestantsOf(plan.mode).map((name) => [name, []])),
  }))
  for (let round = 1; round <= plan.rounds; round++) {
    progress(`${plan.mode}: round ${round} of ${plan.rounds}`)
    const contestants = await startAll(plan.mode, url)
    try {
      for (const { children, rounds } of cases) {
        const turns = await takeTurns(contestants, children, plan)
        for (const name of contestantsOf(plan.mode)) rounds[name].push(turns[name])
      }
    } finally {
      for (const { child } of contestants) child.disconnect()
    }
  }
  return cases
}

const startAll = (mode, url) =>
  Promise.all(contestantsOf(mode).map(async (name) => ({ name, ...(await start('process.mjs', [name, mode, url])) })))

/** @returns {Promise<Record<string, Turn[]>>} */
async function takeTurns(contestants, children, { mode, turns, ms, warmUpMs }) {
  const measured = Object.fromEntries(contestantsOf(mode).map((name) => [name, []]))
  const turn = async ({ name, child }, duration) => {
    child.send({ children, ms: duration })
    const result = await next(child, name)
    check(name, mode, children, result)
    return result
  }
  for (const contestant of contestants) await turn(contestant, warmUpMs)
  for (let i = 0; i < turns; i++) {
    for (const contestant of contestants) measured[contestant.name].push(await turn(contestant, ms))
  }
  return measured
}

/** A contestant that loses spans is not faster, but wrong. */
function check(name, mode, children, { spans }) {
  const wanted = mode === 'noop' ? spansExpected(name, children) : 0
  if (spans !== wanted) throw new Error(`${name} exported ${spans} spans per invocation, not ${wanted}`)
}
