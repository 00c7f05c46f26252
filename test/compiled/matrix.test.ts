/**
 * Decorators behave the same, whatever they are compiled with and wherever they run: the suite in test/compiled/suite runs
 * with the built package, in real runtimes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cell, allCells, makeSuite } from './compilers.ts'
import { type Compiled, nodes, startWorkerd, workerFlags, workerd } from './runtimes.ts'
import type { Outcome } from './suite/runner.ts'

const [cells, allNodes] = await Promise.all([allCells(), nodes()])

const MINUTE = 60_000
/** Every cell runs more cases than this, counted with `reflect-metadata` and without: none leaves most of them out. */
const MOST = 100

const compiled = new Map<Cell, Compiled>()
const failures = new Map<Cell, unknown>()
let running: Awaited<ReturnType<typeof startWorkerd>>

beforeAll(async () => {
  const project = await makeSuite()
  await Promise.all(
    cells.map(async (cell) => {
      try {
        compiled.set(cell, { file: await cell.compile(project), emitted: cell.kind === 'legacy with metadata' })
      } catch (thrown) {
        failures.set(cell, thrown)
      }
    }),
  )
  running = await startWorkerd([...compiled.values()])
}, 2 * MINUTE)

afterAll(() => running.close())

function suiteOf(cell: Cell): Compiled {
  if (failures.has(cell)) throw failures.get(cell)
  return compiled.get(cell) as Compiled
}

function expectAllPassed(outcomes: readonly Outcome[], { broken }: Cell): void {
  const failed = outcomes.filter(({ error }) => error !== undefined)
  expect(failed.filter(({ name }) => !broken.includes(name)).map(({ name, error }) => `${name}: ${error}`)).toEqual([])
  expect([...new Set(failed.map(({ name }) => name))].toSorted()).toEqual(broken)
  expect(outcomes.length).toBeGreaterThan(MOST)
}

describe.each(cells)('decorators compiled by $title, but for its known mistakes,', (cell) => {
  test.each(allNodes)('pass the suite on $title', async (node) => expectAllPassed(await node.run(suiteOf(cell)), cell), MINUTE)

  test.each(workerFlags)(`pass the suite on ${workerd}, %s`, async (flag) => expectAllPassed(await running.run(suiteOf(cell), flag), cell), MINUTE)
})
