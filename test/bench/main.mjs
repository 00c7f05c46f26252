/**
 * Measures what a wrap costs and delivers, beside the other ways to get telemetry out of a short-lived handler.
 *
 *     npm run bench                          all of it, about 25 minutes
 *     npm run bench -- --only latency        one group, or several: noop, unsampled, collector, latency, freeze, loads,
 *                                            workers, servers, heap, cold-start
 *     npm run bench -- --cold-start          only what registering adds to a cold start, with more starts
 *     npm run bench -- --quick               a smoke test; its numbers mean little
 *     npm run bench -- --json                the results as JSON, on standard output
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { install } from '../support/install.mjs'
import { execPath, next, start } from './children.mjs'
import { BUDGET_MS, measureColdStarts } from './cold-start.mjs'
import { measureFreeze } from './freeze.mjs'
import { measureLoads } from './imports.mjs'
import { measureLatency } from './latency.mjs'
import { METHODS } from './method.mjs'
import { plansFor } from './plans.mjs'
import { print } from './print.mjs'
import { measure } from './rounds.mjs'
import { measureServers } from './servers.mjs'
import { summarize } from './summary.mjs'
import { versions } from './versions.mjs'

const GROUPS = ['noop', 'unsampled', 'collector', 'latency', 'freeze', 'loads', 'workers', 'servers', 'heap', 'cold-start']

const boolean = { type: 'boolean' }
const { values: flags } = parseArgs({
  options: { quick: boolean, json: boolean, 'cold-start': boolean, only: { type: 'string' } },
})
const chosen = flags['cold-start'] ? ['cold-start'] : (flags.only?.split(',') ?? GROUPS)
const unknown = chosen.find((group) => !GROUPS.includes(group))
if (unknown !== undefined) throw new TypeError(`--only takes ${GROUPS.join(', ')}, not ${JSON.stringify(unknown)}`)
const plans = plansFor(flags.quick === true)

const started = performance.now()
const terminal = process.stderr.isTTY
const progress = (what) => {
  const line = `${Math.round((performance.now() - started) / 1000)} s  ${what}`
  process.stderr.write(terminal ? `\r\x1b[K${line}` : `${line}\n`)
}

async function installAll() {
  for (const folder of ['.', 'peers']) {
    await install(fileURLToPath(new URL(`${folder}/`, import.meta.url)), () =>
      progress('installing what flushed is compared with (once, some seconds)'),
    )
  }
}

async function measureWraps() {
  const collector = await start('collector.mjs')
  const url = `http://127.0.0.1:${collector.first}/v1/traces`
  const cases = []
  try {
    for (const mode of ['noop', 'unsampled', 'collector']) {
      if (chosen.includes(mode)) cases.push(...(await measure({ mode, ...plans[mode] }, url, progress)).map(summarize))
    }
  } finally {
    collector.child.disconnect()
  }
  return cases
}

async function measureHeaps() {
  const heap = []
  for (const [contestant, invocations] of Object.entries(plans.heap)) {
    progress(`heap of ${contestant}`)
    heap.push((await start('heap.mjs', [contestant, invocations], ['--expose-gc'])).first)
  }
  return heap
}

async function measureWorkers() {
  const { child, first } = await start('workers.mjs', [JSON.stringify(plans.workers)])
  let message = first
  for (; typeof message === 'string'; message = await next(child, 'workers.mjs')) progress(message)
  return message
}

const ifChosen = (group, run) => (chosen.includes(group) ? run() : undefined)

// Cold starts alone need none of the packages.
if (chosen.some((group) => group !== 'cold-start')) await installAll()
const results = {
  cases: await measureWraps(),
  latency: await ifChosen('latency', () => measureLatency(plans.latency, progress)),
  freeze: await ifChosen('freeze', () => measureFreeze(plans.freeze, progress)),
  loads: await ifChosen('loads', () => measureLoads(plans.loads, progress)),
  workers: await ifChosen('workers', measureWorkers),
  servers: await ifChosen('servers', () => measureServers(flags.quick === true, progress)),
  heap: await ifChosen('heap', measureHeaps),
  coldStarts: await ifChosen('cold-start', () => measureColdStarts(plans.coldStart[chosen.length === 1 ? 'alone' : 'rounds'], progress)),
}
progress('done')
if (terminal) process.stderr.write('\n')

const dear = results.coldStarts?.flatMap(({ rows }) => rows).filter(({ form, quiet }) => form === 'import' && quiet > BUDGET_MS)
// A few starts would be too few for a result.
if (dear?.length > 0 && !flags.quick) {
  console.error(`Registering by \`import\` costs a cold start more than ${BUDGET_MS} ms.`)
  process.exitCode = 1
}

const report = {
  versions: versions(execFileSync(execPath, ['--version'], { encoding: 'utf8' }).trim(), results.workers?.workerd),
  method: METHODS.filter(({ groups }) => groups.some((group) => chosen.includes(group))).map(({ text }) => text),
  quick: flags.quick === true,
  ...results,
}
if (flags.json) console.log(JSON.stringify(report, null, 2))
else print(report)
