/** Reduces turns to one number for each contestant: medians, and ratios of turns that were taken one after the other. */
import { contestantsOf } from './names.mjs'

/**
 * @typedef {object} Row
 * @property {string} contestant
 * @property {number} us
 * @property {number} cpuUs
 * @property {number} toBare
 * @property {number} toPattern
 *
 * @typedef {{ mode: import('./setup.mjs').Mode, children: number, rows: Row[] }} Table
 */

/**
 * @param {number[]} values
 * @param {number} share 0.5 is the median
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below])
}

const median = (values) => quantile(values, 0.5)

/**
 * @param {import('./rounds.mjs').Case} measured
 * @returns {Table}
 */
export function summarize({ mode, children, rounds }) {
  const rows = contestantsOf(mode).map((contestant) => ({
    contestant,
    us: value(rounds[contestant], 'us'),
    cpuUs: value(rounds[contestant], 'cpuUs'),
    toBare: ratio(rounds[contestant], rounds.bare),
    toPattern: ratio(rounds[contestant], rounds.pattern),
  }))
  return { mode, children, rows }
}

const value = (rounds, key) => median(rounds.map((turns) => median(turns.map((turn) => turn[key]))))

/** Compares turn by turn, because a machine may be slower in one round than in another. */
const ratio = (rounds, others) =>
  median(rounds.map((turns, round) => median(turns.map(({ us }, turn) => us / others[round][turn].us))))
