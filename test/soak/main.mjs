/**
 * Runs invocations for minutes on end while the collector fails in every way it can, and accounts for every span: either the
 * collector has it, or a report says that it is lost. Too long to be part of the tests:
 *
 *     npm run soak -- --minutes 10 --seed 1
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startCollector } from 'flushed/testing'
import { outages } from './outages.mjs'
import { pipelines } from './pipelines.mjs'
import { randomFrom } from './random.mjs'

/** Concurrent invocations of each pipeline. */
const AT_ONCE = 3
/** The longest pause between two invocations, in milliseconds: short enough to meet outages, long enough to spare the machine. */
const PAUSE_MS = 400
/** Milliseconds after which every exporter has given up, and all work still going on is done. */
const OVER_MS = 4000

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const untilMs = performance.now() + Number(values.minutes) * 60_000
console.log(`${values.minutes} minutes, seed ${seed}`)

let unhandled = 0
process.on('unhandledRejection', (reason) => {
  unhandled++
  console.error('unhandled:', reason)
})

const random = randomFrom(seed)
const collector = await startCollector()
const all = await pipelines(collector.url, random)

async function loop({ once }) {
  while (performance.now() < untilMs) {
    await once()
    await sleep(random(0, PAUSE_MS))
  }
}

const fails = outages(collector, randomFrom(seed + 1))
await Promise.all(all.flatMap((each) => Array.from({ length: AT_ONCE }, () => loop(each))))
const faults = await fails.end()
await sleep(OVER_MS)
for (const { flush, account } of all) {
  for (let attempt = 0; attempt < 5; attempt++) {
    await flush()
    if (account.settled) break
  }
}

const acknowledged = collector.spans.map(({ spanId }) => spanId)
const collected = new Set(acknowledged)
const errors = all.flatMap(({ account }) => account.errors(collected))
const created = new Set(all.flatMap(({ account }) => [...account.ended]))
const strangers = [...collected].filter((id) => !created.has(id)).length
if (strangers > 0) errors.push(`the collector has ${strangers} spans that nobody has created`)
if (unhandled > 0) errors.push(`${unhandled} promises have been rejected unhandled`)

console.log('what the collector did, in seconds:', faults)
console.table(all.map(({ account }) => account.row(collected)))
for (const { account } of all) console.log(`${account.name}:`, account.outcomes, `pending ${account.pending}, carried over ${account.carriedOver} times`)
console.log(`${collector.requests.length} requests, ${acknowledged.length - collected.size} spans sent more than once, heap ${Math.round(process.memoryUsage().heapUsed / 1e6)} MB`)
for (const error of errors) console.error(`WRONG: ${error}`)
if (errors.length === 0) console.log('every span is accounted for')
for (const { close } of all) close()
await collector.close()
process.exitCode = errors.length > 0 ? 1 : 0
