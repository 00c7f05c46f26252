import { createHash } from 'node:crypto'

/**
 * Makes a function that returns pseudo-random whole numbers, the same ones for the same seed.
 *
 * @returns {(from: number, to: number) => number} both included
 */
export function randomFrom(seed) {
  let asked = 0
  return (from, to) => from + (createHash('sha256').update(`${seed} ${asked++}`).digest().readUInt32BE() % (to - from + 1))
}
