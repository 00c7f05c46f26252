/**
 * What is measured: ordinary traffic, a collector that hangs, and a batch that is already on its way.
 *
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Collector, RuntimeCommand } from 'flushed/testing'
import { type Run, countOf, median, sumOf } from '../runs.ts'
import { created } from './created.ts'
import { Deployment } from './deployment.ts'
import { orderOf } from './event.ts'
import { answerMs, batchSize, functions, peers, titles } from './functions.ts'
import type { FunctionId, PeerId } from './functions.ts'

/** The input of every measurement. */
export interface Setting {
  readonly runtime: RuntimeCommand
  /** Closes whatever was started, when the demo is over or interrupted. */
  readonly owner: AsyncDisposableStack
  /** Is told what is going on. */
  readonly progress: (line: string) => void
}

/** What one function did with ordinary traffic. */
export interface Traffic {
  readonly id: FunctionId
  readonly collector: Collector
  readonly runs: readonly Run[]
}

/** What one function did with a collector that hangs. */
export interface Hang {
  readonly id: PeerId
  /** Requests during the hang. */
  readonly runs: readonly Run[]
  /** Spans of these requests that had arrived after one more request, with the collector back. */
  readonly delivered: number
  /** The lines that `flushed` wrote about the hang. */
  readonly log: string | undefined
}

/** What one function did with a batch that fills up at its last span. */
export interface FullBatch {
  readonly id: PeerId
  readonly created: number
  readonly acknowledged: number
}

/** The request of the first two measurements. */
export const order = orderOf(2)

// Waits for answers under way before anything is counted.
const settled = () => wait(answerMs * 1.5)

/** Ordinary traffic: `requests` to each function, in turns, so that all have the same conditions. */
export async function traffic(requests: number, { runtime, owner, progress }: Setting): Promise<Traffic[]> {
  const deployments: Deployment[] = []
  for (const id of functions) deployments.push(await Deployment.start(id, runtime, owner, { delayMs: answerMs }))
  const results = deployments.map((deployment) => ({ deployment, runs: [] as Run[] }))
  for (let request = 1; request <= requests; request++) {
    progress(`request ${request} of ${requests} to each function`)
    for (const { deployment, runs } of results) runs.push(await deployment.invoke(order))
  }
  await settled()
  // No more requests: Lambda reclaims the sandboxes.
  for (const { sandbox } of deployments) await sandbox.shutdown()
  return results.map(({ deployment: { id, collector }, runs }) => ({ id, collector, runs }))
}

/** The median time to the freeze. */
export const medianFrozenMs = (runs: readonly Run[]): number => median(runs.map(({ startedAt, frozenAt = startedAt }) => frozenAt - startedAt))

/** Some requests while the collector hangs, and one more when it is back. */
export async function hang(requests: Readonly<Record<PeerId, number>>, setting: Setting): Promise<Hang[]> {
  const deployments: Deployment<PeerId>[] = []
  for (const id of peers) {
    const deployment = await Deployment.start(id, setting.runtime, setting.owner, 'ok')
    await deployment.invoke(order)
    deployments.push(deployment)
  }
  // From here on the functions wait rather than work, so they do not disturb each other.
  return Promise.all(deployments.map((deployment) => hangOne(deployment, requests[deployment.id], setting)))
}

async function hangOne(deployment: Deployment<PeerId>, requests: number, { progress }: Setting): Promise<Hang> {
  const { id, collector, sandbox } = deployment
  const runs: Run[] = []
  collector.behave('hang')
  for (let request = 1; request <= requests; request++) {
    progress(`${titles[id]}: request ${request} of ${requests}`)
    runs.push(await deployment.invoke(order))
  }
  collector.behave('ok')
  await deployment.invoke(order)
  await sandbox.shutdown()
  const delivered = sumOf(runs, (run) => countOf(run, collector.spans, collector.received))
  const log = sandbox.logs.find(({ line }) => line.includes('flushed:'))?.line
  return { id, runs, delivered, log: log?.slice(log.indexOf('flushed:')) }
}

/** One big order whose last span fills a batch: the export starts just before the flush does. */
export async function fullBatch(id: PeerId, { runtime, owner, progress }: Setting): Promise<FullBatch> {
  const rest = (await created(orderOf(1))).ended - 1
  const lines = batchSize - rest
  const event = orderOf(lines)
  const { started } = await created(event)
  const deployment = await Deployment.start(id, runtime, owner, { delayMs: answerMs })
  await deployment.invoke(order)
  progress(`${titles[id]}: an order of ${lines} lines`)
  const run = await deployment.invoke(event)
  await settled()
  const acknowledged = countOf(run, run.acknowledged, deployment.collector.received)
  await deployment.sandbox.shutdown()
  return { id, created: started, acknowledged }
}
