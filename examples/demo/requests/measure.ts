/**
 * What is measured: ordinary traffic, and an isolate that is used again after its collector has hung.
 *
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Collector } from 'flushed/testing'
import type { Run } from '../runs.ts'
import { Deployment } from './deployment.ts'
import type { Host } from './host.ts'
import { type PeerId, type VariantId, answerMs, exporterMs, flushMs, peers, timerMs, titles, variants } from './variants.ts'

/** What every measurement is given. */
export interface Setting {
  readonly host: Host
  /** Where the shop is. */
  readonly shop: string
  /** Closes what is started, when the demo is over or interrupted. */
  readonly owner: AsyncDisposableStack
  /** Told what is going on. */
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
  readonly id: PeerId
  readonly collector: Collector
  /** Requests during the hang. */
  readonly runs: readonly Run[]
  /** Requests to the same isolate, with the collector back. */
  readonly after: readonly Run[]
  /** What `flushed` wrote about it. */
  readonly log: string | undefined
}

/** Ordinary traffic: `requests` to each variant, in turns, so that all have the same conditions. */
export async function traffic(requests: number, { host, shop, owner, progress }: Setting): Promise<{ settled: () => Promise<Traffic[]> }> {
  const deployments = await Promise.all(variants.map((id) => Deployment.start(id, host, shop, owner, { delayMs: answerMs })))
  const all = deployments.map((deployment) => ({ deployment, runs: [] as Awaited<ReturnType<Deployment['request']>>[] }))
  for (let request = 1; request <= requests; request++) {
    progress(`request ${request} of ${requests} to each variant`)
    for (const { deployment, runs } of all) runs.push(await deployment.request())
  }
  const timers = wait(timerMs)
  // No more requests: the platform ends the isolates, which it does not do so soon that nothing had its chance.
  const settle = async ({ deployment, runs: made }: (typeof all)[number]): Promise<Traffic> => {
    await timers
    const { id, collector } = deployment
    const runs = await deployment.settle(made)
    await deployment.end()
    return { id, collector, runs }
  }
  return { settled: () => Promise.all(all.map(settle)) }
}

/** Some requests while the collector hangs, and as many to the same isolate when it is back. */
export async function hang(requests: number, { host, shop, owner, progress }: Setting): Promise<Hang[]> {
  const deployments = await Promise.all(peers.map((id) => Deployment.start(id, host, shop, owner, 'ok')))
  for (const deployment of deployments) await deployment.request()
  // From here on they wait rather than work, and so do not disturb each other.
  return Promise.all(deployments.map((deployment) => hangOne(deployment, requests, progress)))
}

async function hangOne(deployment: Deployment<PeerId>, requests: number, progress: Setting['progress']): Promise<Hang> {
  const { id, collector } = deployment
  const some = async (when: string) => {
    const runs = []
    for (let request = 1; request <= requests; request++) {
      progress(`${titles[id]}: request ${request} of ${requests} ${when}`)
      runs.push(await deployment.request())
    }
    return runs
  }
  await wait(flushMs / 2)
  collector.behave('hang')
  const made = await some('while the collector hangs')
  // Both flushes of a request have given up by then, its own and that of its audit.
  await wait(flushMs * 2.5)
  collector.behave('ok')
  const more = await some('with the collector back')
  progress('until exporters have given up on the hang')
  await wait(exporterMs)
  const [runs, after] = [await deployment.settle(made), await deployment.settle(more)]
  await deployment.end()
  return { id, collector, runs, after, log: deployment.log }
}
