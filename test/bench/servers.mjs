/**
 * Measures what the requests of a server cost with `flushed`, beside OpenTelemetry's batch processor and root spans made by hand.
 *
 *     npm run bench -- --only servers
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { install } from '../support/install.mjs'
import { execPath, next, start } from './children.mjs'

const hono = fileURLToPath(new URL('../runtimes/hono/', import.meta.url))
const folder = fileURLToPath(new URL('../runtimes/servers/', import.meta.url))
const SERVERS = ['node', 'express', 'fastify', 'hono']
const CONNECTIONS = 50

/** Measures both kinds of telemetry on each server. Only one of them is under load at a time, in turns of less than a second. */
export async function measureServers(quick, progress) {
  await install(hono)
  await install(folder, () => progress('installing frameworks of servers (once, some seconds)'))
  const autocannon = createRequire(folder)('autocannon')
  const collector = await start('collector.mjs')
  // More processes rather than more turns: in each process, the engine decides anew which functions to inline, and how.
  const plan = quick ? { processes: 1, turns: 2, warmUpS: 0.2 } : { processes: 6, turns: 6, warmUpS: 2 }
  const load = (app, duration) =>
    autocannon({ url: `http://127.0.0.1:${app.port}/orders/7?page=2`, connections: CONNECTIONS, duration, sampleInt: 50 })
  const results = []
  try {
    for (const server of SERVERS) {
      const pairs = []
      const heaps = []
      for (let process = 1; process <= plan.processes; process++) {
        progress(`${server}, process ${process} of ${plan.processes}`)
        pairs.push(...(await turns(server, `http://127.0.0.1:${collector.first}`, plan, load, heaps)))
      }
      results.push({ server, ...summary(pairs), heaps })
    }
  } finally {
    collector.child.disconnect()
  }
  return results
}

async function turns(server, url, { turns, warmUpS }, load, heaps) {
  const apps = await Promise.all(['batch', 'flushed'].map((kind) => startApp(server, kind, url)))
  const pairs = []
  try {
    for (const app of apps) await load(app, warmUpS)
    // Asks both processes: asking collects all garbage, after which the heap of a process has to grow again.
    const [, before] = await Promise.all(apps.map(({ child }) => ask(child, 'memory')))
    for (let turn = 0; turn < turns; turn++) {
      const pair = {}
      for (const app of turn % 2 ? apps : apps.toReversed()) pair[app.kind] = await measured(app, () => load(app, 0.5))
      pairs.push(pair)
    }
    heaps.push({ before, after: await ask(apps[1].child, 'memory') })
  } finally {
    for (const { child } of apps) child.kill('SIGKILL')
  }
  return pairs
}

async function measured({ child }, load) {
  const before = await ask(child, 'cpu')
  const { requests, duration, errors, non2xx } = await load()
  const after = await ask(child, 'cpu')
  if (errors + non2xx > 0) throw new Error(`${errors + non2xx} requests failed`)
  return { perSecond: requests.total / duration, cpuUs: (after.user + after.system - before.user - before.system) / requests.total }
}

async function startApp(server, kind, url) {
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: url }
  const child = fork(`${folder}app.mjs`, [server, kind], { execPath, execArgv: ['--expose-gc'], env, stdio: 'inherit' })
  return { kind, child, port: await next(child, `${server} with ${kind}`) }
}

async function ask(child, what) {
  child.send(what)
  const [answer] = await once(child, 'message')
  return answer
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

function summary(pairs) {
  const of = (kind, what) => median(pairs.map((pair) => pair[kind][what]))
  const ratio = (what) => median(pairs.map(({ flushed, batch }) => flushed[what] / batch[what]))
  return {
    batch: { perSecond: of('batch', 'perSecond'), cpuUs: of('batch', 'cpuUs') },
    flushed: { perSecond: of('flushed', 'perSecond'), cpuUs: of('flushed', 'cpuUs') },
    throughput: ratio('perSecond'),
    cpu: ratio('cpuUs'),
  }
}
