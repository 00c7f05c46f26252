/**
 * What is measured: ordinary traffic, and an isolate that is used again after its collector has hung.
 *
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Behaviors, Collector } from 'flushed/testing'
import type { Run } from '../runs.ts'
import { Deployment } from './deployment.ts'
import type { Host } from './host.ts'
import { type VariantId, answerMs, exporterMs, flushMs, timerMs, variants } from './variants.ts'

/** The input of every measurement. */
export interface Setting {
  readonly host: Host
  /** Where the shop is. */
  readonly shop: string
  /** Closes whatever was started, when the demo is over or interrupted. */
  readonly owner: AsyncDisposableStack
  /** Is told what is going on. */
  readonly progress: (line: string) => void
}

/** What one variant did with ordinary traffic. */
export interface Traffic {
  readonly id: VariantId
  readonly collector: Collector
  readonly runs: readonly Run[]
}

/** What one variant did with a collector that hangs. */
export interface Hang {
  readonly id: VariantId
  readonly collector: Collector
  /** Requests during the hang. */
  readonly runs: readonly Run[]
  /** Requests to the same isolate, with the collector back. */
  readonly after: readonly Run[]
  /** The lines that `flushed` wrote about the hang. */
  readonly log: string | undefined
}

type Made = Awaited<ReturnType<Deployment['request']>>[]

const startAll = ({ host, shop, owner }: Setting, behavior: Behaviors) =>
  Promise.all(variants.map((id) => Deployment.start(id, host, shop, owner, behavior)))

/** Makes this many requests to each variant, in turns, so that all have the same conditions. */
async function inTurns(deployments: readonly Deployment[], requests: number, when: string, { progress }: Setting) {
  const all = deployments.map((deployment) => ({ deployment, made: [] as Made }))
  for (let request = 1; request <= requests; request++) {
    progress(`request ${request} of ${requests} to each variant${when}`)
    for (const { deployment, made } of all) made.push(await deployment.request())
  }
  return all
}

/** Ordinary traffic. */
export async function traffic(requests: number, setting: Setting): Promise<{ settled: () => Promise<Traffic[]> }> {
  const all = await inTurns(await startAll(setting, { delayMs: answerMs }), requests, '', setting)
  const timers = wait(timerMs)
  // No more requests: the platform ends the isolates, but not before everything had its chance.
  const settle = async ({ deployment, made }: (typeof all)[number]): Promise<Traffic> => {
    await timers
    const { id, collector } = deployment
    const runs = await deployment.settle(made)
    await deployment.end()
    return { id, collector, runs }
  }
  return { settled: () => Promise.all(all.map(settle)) }
}

/** Some requests while the collector hangs, and as many to the same isolates when it is back. */
export async function hang(requests: number, setting: Setting): Promise<{ settled: (progress: Setting['progress']) => Promise<Hang[]> }> {
  const deployments = await startAll(setting, 'ok')
  await inTurns(deployments, 1, '', setting)
  await wait(answerMs)
  for (const { collector } of deployments) collector.behave('hang')
  const all = await inTurns(deployments, requests, ' while the collector hangs', setting)
  const settle = async (progress: Setting['progress']): Promise<Hang[]> => {
    const givenUp = wait(exporterMs)
    // By then, both flushes of a request have given up: its own, and that of its audit.
    await wait(flushMs * 2.5)
    for (const { collector } of deployments) collector.behave('ok')
    const later = await inTurns(deployments, requests, ' with the collector back', { ...setting, progress })
    progress('until exporters have given up on the hang')
    await Promise.all([givenUp, wait(timerMs)])
    return Promise.all(all.map(({ deployment, made }, index) => settleOne(deployment, made, later[index]?.made ?? [])))
  }
  return { settled: settle }
}

async function settleOne(deployment: Deployment, during: Made, later: Made): Promise<Hang> {
  const { id, collector } = deployment
  const [runs, after] = [await deployment.settle(during), await deployment.settle(later)]
  await deployment.end()
  return { id, collector, runs, after, log: deployment.log }
}
