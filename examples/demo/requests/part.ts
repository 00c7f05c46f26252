/**
 * The part of a platform that answers requests.
 *
 * @module
 */
import { startShop } from '../../workers/shop.ts'
import type { Part } from '../part.ts'
import { created } from './created.ts'
import type { Host } from './host.ts'
import { type Hang, type Setting, type Traffic, hang, traffic } from './measure.ts'
import { renderHeader, renderResults } from './report.ts'
import { kept, summarize } from './results.ts'

/** Requests of ordinary traffic to each variant, the cold one included. */
const requests = 10
/** Requests during a hang, and as many after it. */
const hanging = 5

export interface Platform {
  readonly title: string
  /** What it needs, in print. */
  readonly needs: string
  /** Installs whatever is not there yet. */
  prepare(log: (line: string) => void): Promise<Host>
}

/** @param owner closes whatever was started */
export function requestsPart({ title, needs, prepare }: Platform, owner: AsyncDisposableStack): Part {
  let host: Host
  let shop: string
  let ordinary: Awaited<ReturnType<typeof traffic>>
  let hung: Awaited<ReturnType<typeof hang>>
  let settled: [Traffic[], Hang[]]
  const setting = (progress: Setting['progress']): Setting => ({ host, shop, owner, progress })
  return {
    title,
    prepare: {
      title: needs,
      async run(log) {
        host = await prepare(log)
        shop = owner.use(await startShop()).url
      },
    },
    timed: [
      {
        title: `${requests} requests to each variant`,
        async run(progress) {
          ordinary = await traffic(requests, setting(progress))
        },
      },
      {
        title: 'a collector that hangs',
        async run(progress) {
          hung = await hang(hanging, setting(progress))
        },
      },
    ],
    waiting: {
      title: 'the same isolates, with the collector back',
      async run(progress) {
        settled = await Promise.all([ordinary.settled(), hung.settled(progress)])
      },
    },
    async report() {
      const results = summarize(await created(shop), ...settled)
      return {
        render: (look) => [...renderHeader(host, look), ...renderResults(results, look)],
        kept: kept(results),
        promise: 'all acknowledged before the isolate’s end, and again after a hang',
      }
    },
  }
}
