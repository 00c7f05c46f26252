/** From turns to one number each: medians, and ratios of turns that were taken one after the other. */
import { CONTESTANTS } from './rounds.mjs'

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

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * @param {import('./rounds.mjs').Case} measured
 * @returns {Table}
 */
export function summarize({ mode, children, rounds }) {
  const rows = CONTESTANTS.map((contestant) => ({
    contestant,
    us: value(rounds[contestant], 'us'),
    cpuUs: value(rounds[contestant], 'cpuUs'),
    toBare: ratio(rounds[contestant], rounds.bare),
    toPattern: ratio(rounds[contestant], rounds.pattern),
  }))
  return { mode, children, rows }
}

const value = (rounds, key) => median(rounds.map((turns) => median(turns.map((turn) => turn[key]))))

/** Turn by turn, since a machine may be slower in one round than in another. */
const ratio = (rounds, others) =>
  median(rounds.map((turns, round) => median(turns.map(({ us }, turn) => us / others[round][turn].us))))
