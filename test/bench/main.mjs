/**
 * What a wrap costs, beside what else people do to get their spans out of a short-lived handler.
 *
 *     npm run bench                 all of it, about eight minutes
 *     npm run bench -- --cold-start what registering costs a cold start, and nothing else
 *     npm run bench -- --only noop  the wraps with one exporter (`noop`, `unsampled`, `collector`), and nothing else
 *     npm run bench -- --quick      a smoke test of some seconds; its numbers mean little
 *     npm run bench -- --json       for programs, on standard output
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { install } from '../support/install.mjs'
import { execPath, start } from './children.mjs'
import { BUDGET_MS, measureColdStarts } from './cold-start.mjs'
import { coldStartTable, heapTable, table, versions } from './print.mjs'
import { measure } from './rounds.mjs'
import { summarize } from './summary.mjs'

const boolean = { type: 'boolean' }
const { values: flags } = parseArgs({
  options: { quick: boolean, json: boolean, 'cold-start': boolean, only: { type: 'string' } },
})
const MODES = ['noop', 'unsampled', 'collector']
if (flags.only !== undefined && !MODES.includes(flags.only)) throw new TypeError(`--only takes ${MODES.join(', ')}, not ${flags.only}`)
const wraps = !flags['cold-start']
const everything = wraps && flags.only === undefined

const QUICK = { rounds: 1, turns: 1, ms: 20, warmUpMs: 40 }
// Less warm-up would measure the compiler, and those worst that have most code.
const FULL = { rounds: 3, turns: 4, ms: 200, warmUpMs: 1200 }
// A request takes fifty times as long as all the rest, and varies by more than contestants differ.
const OVER_THE_NETWORK = { rounds: 3, turns: 2, ms: 1200, warmUpMs: 3000 }

const plans = MODES.filter((mode) => [mode, undefined].includes(flags.only)).map((mode) => ({
  mode,
  ...(flags.quick ? QUICK : mode === 'collector' ? OVER_THE_NETWORK : FULL),
}))

const METHOD_OF_WRAPS = [
  'Each contestant has a process of its own, a new one each round; warm ones take turns, one at a time.',
  'Medians of turns, then of rounds. Only ratios within one table mean anything: absolute times are this machine.',
]
const METHOD_OF_COLD_STARTS = [
  'Cold starts: from the start of the process to the end of init, on the real runtime client; all variants in turns, each round in another order.',
  'Added: the median of differences within a round, and their quartiles. Undisturbed: the difference of the lower deciles.',
]

const METHOD = [...(wraps ? METHOD_OF_WRAPS : []), ...(flags.only === undefined ? METHOD_OF_COLD_STARTS : [])]

const started = performance.now()
const terminal = process.stderr.isTTY
const progress = (what) => {
  const line = `${Math.round((performance.now() - started) / 1000)} s  ${what}`
  process.stderr.write(terminal ? `\r\x1b[K${line}` : `${line}\n`)
}

async function measureWraps() {
  await install(fileURLToPath(new URL('.', import.meta.url)), () =>
    progress('installing what flushed is compared with (once, some seconds)'),
  )
  const collector = await start('collector.mjs')
  const url = `http://127.0.0.1:${collector.first}/v1/traces`
  const cases = []
  try {
    for (const plan of plans) cases.push(...(await measure(plan, url, progress)).map(summarize))
  } finally {
    collector.child.disconnect()
  }
  return cases
}

async function measureHeap() {
  const heap = []
  for (const contestant of ['pattern', 'flushed']) {
    progress(`heap of ${contestant}`)
    heap.push((await start('heap.mjs', [contestant], ['--expose-gc'])).first)
  }
  return heap
}

const cases = wraps ? await measureWraps() : []
const heap = everything && !flags.quick ? await measureHeap() : []
const coldStarts = flags.only === undefined ? await measureColdStarts(flags.quick ? 3 : everything ? 20 : 60, progress) : []
progress('done')
if (terminal) process.stderr.write('\n')

const dear = coldStarts.flatMap(({ rows }) => rows).filter(({ form, quiet }) => form === 'import' && quiet > BUDGET_MS)
// A few starts say nothing.
if (dear.length > 0 && !flags.quick) {
  console.error(`Registering by \`import\` costs a cold start more than ${BUDGET_MS} ms.`)
  process.exitCode = 1
}

const used = versions(execFileSync(execPath, ['--version'], { encoding: 'utf8' }).trim())
if (flags.json) console.log(JSON.stringify({ versions: used, method: METHOD, quick: flags.quick === true, cases, heap, coldStarts }, null, 2))
else {
  console.log(`\n${[...cases.map(table), ...coldStarts.map(coldStartTable)].join('\n')}`)
  if (heap.length > 0) console.log(heapTable(heap))
  console.log(Object.entries(used).map((entry) => entry.join(' ')).join(', '))
  console.log(METHOD.join('\n'))
}
