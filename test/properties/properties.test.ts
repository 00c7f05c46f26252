/**
 * Specifies the guarantees as properties: programs of concurrent invocations are made up at random (`program.ts`) and run on a
 * clock that stands still (`run.ts`). Whatever the program, what has happened (`trace.ts`) must keep every guarantee.
 *
 * A failing program is shrunk to the smallest one that still fails. The title of the suite has the seed to run the same programs:
 *
 *     FLUSHED_SEED=1 npm test -- properties          the same programs once more
 *     FLUSHED_CASES=100000 npm test -- properties    more of them than 10,000
 */
import fc from 'fast-check'
import { beforeAll, describe, test } from 'vitest'
import { bounded } from './G3-bounded.ts'
import { delivered } from './G2-delivered.ts'
import { honest } from './G6-honest.ts'
import { isolated } from './G5-isolated.ts'
import { order } from './G1-order.ts'
import { transparent } from './G4-transparent.ts'
import { type Program, program } from './program.ts'
import { run } from './run.ts'
import type { Trace } from './trace.ts'

const guarantees: [string, (trace: Trace, program: Program) => void][] = [
  ['G1 Order', order],
  ['G2 Delivered is acknowledged', delivered],
  ['G3 Bounded', bounded],
  ['G4 Transparent', transparent],
  ['G5 Isolated', isolated],
  ['G6 Honest', honest],
]

const seed = Number(process.env['FLUSHED_SEED'] ?? Date.now() % 2 ** 31)
const cases = Number(process.env['FLUSHED_CASES'] ?? 10_000)

/** Every program runs once, and is checked against all guarantees. */
const parameters = { seed, numRuns: cases }
const violated = new Set<string>()

async function look(made: Program): Promise<void> {
  const trace = await run(made)
  for (const [name, check] of guarantees) {
    if (violated.has(name)) continue
    try {
      check(trace, made)
    } catch {
      violated.add(name)
    }
  }
}

describe(`in ${cases} programs, FLUSHED_SEED=${seed}`, () => {
  beforeAll(() => fc.assert(fc.asyncProperty(program, look), parameters), 600_000)

  test.each(guarantees)('%s holds', { timeout: 600_000 }, async (name, check) => {
    if (!violated.has(name)) return
    // The same programs once more, to find the smallest one that fails.
    const property = fc.asyncProperty(program, async (made) => check(await run(made), made))
    await fc.assert(property, parameters)
    throw new Error('the same program, run a second time, has not failed')
  })
})
