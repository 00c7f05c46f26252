/**
 * Measures each contestant's Worker: how long a response takes, by the behavior of the backend; what has been acknowledged when
 * everything that a request may do is over; what it sends; its size; and whether the isolate's heap stays flat.
 *
 * It is a program of its own, because Miniflare needs the newer Node. It gets its plan as JSON, and sends its progress (strings) and
 * the result.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { SLOW_MS } from './backend.mjs'
import { heapOf } from './inspector.mjs'
import { quantile } from './summary.mjs'
import { WORKERS, startWorker } from './workerd.mjs'

/**
 * @typedef {object} WorkersPlan
 * @property {number} rounds requests of each Worker, one after another, for each behavior
 * @property {number} outages the same, where the backend fails
 * @property {Record<string, number>} heap requests of each Worker after which its heap is measured; absent: it is not
 *
 * @typedef {object} WorkerRow
 * @property {string} contestant
 * @property {Record<string, number>} addedMs milliseconds added to the response, by the behavior of the backend
 * @property {Record<string, number>} share of child spans that were acknowledged, by scenario
 * @property {number} requests a request, in the everyday scenario
 * @property {number} bytes
 * @property {number} bundleBytes minified and gzipped
 * @property {{ requests: number, perRequest: number }} [heap] bytes that a request has left behind
 */

const BEHAVIORS = ['fast', 'slow', 'hung', 'refusing', '503']
const WARM_UPS = 30

export const SCENARIOS = {
  everyday: { children: 5 },
  'one left open': { children: 5, open: 1 },
  concurrent: { children: 5 },
}
const CONCURRENT = 20

let orders = 0
const newOrder = () => `order-${(orders += 1)}`

async function latencies(workers, { rounds, outages }, progress) {
  const added = Object.fromEntries(workers.map(({ name }) => [name, {}]))
  for (const behavior of BEHAVIORS) {
    progress(`Workers: response, backend ${behavior}`)
    for (const worker of workers) await caughtUp(worker)
    for (const { backend } of workers) await backend.behave(behavior)
    const times = Object.fromEntries(workers.map(({ name }) => [name, []]))
    const count = behavior === 'fast' || behavior === 'slow' ? rounds : outages
    for (let round = 0; round < count; round++) {
      for (const worker of workers) times[worker.name].push(await worker.request({ order: newOrder(), children: 5 }))
    }
    for (const { name } of workers) added[name][behavior] = quantile(times[name].map((ms, i) => ms - times.bare[i]), 0.5)
  }
  return added
}

/** Waits until nothing arrives any more. Each Worker has had the time of two round trips. */
async function settled({ backend }) {
  for (let seen = -1; seen !== backend.counts.requests; ) {
    seen = backend.counts.requests
    await sleep(3 * SLOW_MS)
  }
}

/** Waits until a Worker has sent everything it has kept, which must not count for the next requests. */
async function caughtUp(worker) {
  await worker.backend.behave('fast')
  for (let i = 0; i < 5; i++) await worker.request({ order: newOrder(), children: 5 })
  await settled(worker)
}

/** @returns {Promise<{ share: number, requests: number, bytes: number }>} */
async function deliver(worker, scenario) {
  const event = SCENARIOS[scenario]
  const { events } = WORKERS[worker.name]
  worker.backend.reset()
  const names = Array.from({ length: CONCURRENT }, newOrder)
  const requests = names.map((order) => () => worker.request({ order, ...event }))
  if (scenario === 'concurrent') await Promise.all(requests.map((request) => request()))
  else for (const request of requests) await request()
  await settled(worker)
  const { counts } = worker.backend
  const created = events ? 1 : event.children + (event.open ?? 0)
  const acknowledged = names.reduce((sum, order) => sum + Math.min(counts.orders.get(order) ?? 0, created), 0)
  return {
    share: acknowledged / (created * names.length),
    requests: counts.requests / names.length,
    bytes: counts.bytes / names.length,
  }
}

async function deliveries(worker, row) {
  await worker.backend.behave('slow')
  for (const scenario of Object.keys(SCENARIOS)) {
    if (WORKERS[worker.name].events && scenario === 'one left open') continue
    const { share, requests, bytes } = await deliver(worker, scenario)
    row.share[scenario] = share
    if (scenario === 'everyday') Object.assign(row, { requests, bytes })
  }
}

/** Starts new Workers: what an outage has left in one must not count in another measurement. */
async function withWorkers(measure) {
  const workers = []
  try {
    for (const name of Object.keys(WORKERS)) {
      const worker = await startWorker(name)
      workers.push(worker)
      for (let i = 0; i < WARM_UPS; i++) await worker.request({ order: newOrder(), children: 5 })
    }
    return await measure(workers)
  } finally {
    for (const worker of workers) await worker.close()
  }
}

/**
 * @param {WorkersPlan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<{ workerd: string, rows: WorkerRow[] }>}
 */
export async function measureWorkers(plan, progress) {
  return withWorkers(async (workers) => {
    const rows = workers.map(({ name, bytes }) => ({ contestant: name, addedMs: {}, share: {}, requests: 0, bytes: 0, bundleBytes: bytes }))
    for (const [i, worker] of workers.entries()) {
      if (worker.name === 'bare') continue
      progress(`Workers: acknowledged, ${worker.name}`)
      await deliveries(worker, rows[i])
    }
    for (const worker of workers) await worker.backend.behave('fast')
    for (const [i, worker] of workers.entries()) {
      const requests = plan.heap[worker.name]
      if (!requests) continue
      progress(`Workers: heap over ${requests} requests, ${worker.name}`)
      rows[i].heap = { requests, perRequest: await heapOf(worker, requests) }
    }
    const added = await latencies(workers, plan, progress)
    for (const row of rows) row.addedMs = added[row.contestant]
    return { workerd: workers[0].version, rows }
  })
}

if (process.send) {
  const tell = (message) => new Promise((resolve) => process.send(message, resolve))
  const result = await measureWorkers(JSON.parse(process.argv[2]), (what) => process.send(what))
  await tell(result)
  process.exit()
}
