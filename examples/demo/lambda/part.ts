/**
 * The Lambda part, from the runtime client to the results.
 *
 * @module
 */
import { ensureRuntimeClient } from '../../../test/support/runtime-client.mjs'
import type { Part } from '../part.ts'
import { bundle } from './bundle.ts'
import { created } from './created.ts'
import { ours } from './functions.ts'
import { fullBatch, hang, order, traffic } from './measure.ts'
import type { FullBatch, Hang, Setting, Traffic } from './measure.ts'
import { type Runtime, renderHeader, renderResults } from './report.ts'
import { kept } from './results.ts'
import { summarize } from './summarize.ts'

/** Requests of ordinary traffic to each function, the cold one included. */
const requests = 10

/** @param owner closes whatever was started */
export function lambda(owner: AsyncDisposableStack): Part {
  let runtime: Runtime & Setting['runtime']
  let ordinary: Traffic[]
  let hangs: Hang[]
  const batches: FullBatch[] = []
  const setting = (progress: Setting['progress']): Setting => ({ runtime, owner, progress })
  return {
    title: 'AWS Lambda',
    prepare: {
      title: 'the real runtime client (built on first use, about a minute), and the functions',
      async run(log) {
        runtime = await ensureRuntimeClient({ log })
        await bundle()
      },
    },
    timed: [
      {
        title: `${requests} requests to each function`,
        run: async (progress) => (ordinary = await traffic(requests, setting(progress))),
      },
      {
        title: 'a batch that fills up at the last span',
        async run(progress) {
          for (const id of ['force-flush', ...ours] as const) batches.push(await fullBatch(id, setting(progress)))
        },
      },
    ],
    waiting: {
      title: 'a collector that hangs (forceFlush waits until its exporter gives up, 10 s)',
      run: async (progress) => (hangs = await hang({ naive: 3, 'force-flush': 1, flushed: 3, 'after-response': 3 }, setting(progress))),
    },
    async report() {
      const results = summarize(await created(order), ordinary, hangs, batches)
      return {
        render: (look) => [...renderHeader(runtime, process.versions.node, look), ...renderResults(results, look)],
        kept: kept(results),
        promise: 'all acknowledged before the freeze',
      }
    },
  }
}
