/** Starts and calls the classes of test/guarantees/workers/classes.mjs, as they are and wrapped. */
import type { StartedWorker, WorkerSetup, runtimes } from './workers.ts'

type Runtime = (typeof runtimes)[number]

const FLAGS_ARE_DEFAULT = '2024-09-26'
/** Without `fetcher_no_get_put_delete`, the `get` of a Workflow's binding would be the one that fetches. */
const FLAGS = ['rpc', 'fetcher_no_get_put_delete']

/** The bindings of the fixture's classes. */
export function withClasses({ compatibilityDate }: Runtime, setup: WorkerSetup = {}): WorkerSetup {
  return {
    durableObjects: { ROOM: 'Room', LEGACY: 'Legacy' },
    serviceBindings: {
      ORDERS: { name: 'worker', entrypoint: 'Orders' },
      JOBS: { name: 'worker', entrypoint: 'Jobs' },
      SILENT: { name: 'worker', entrypoint: 'Silent' },
    },
    workflows: { CHECKOUT: { name: 'checkout', className: 'Checkout' } },
    compatibilityFlags: compatibilityDate < FLAGS_ARE_DEFAULT ? FLAGS : [],
    ...setup,
  }
}

/** Makes a call by its name in the fixture. */
export const call = async (worker: StartedWorker, name: string, init?: RequestInit): Promise<unknown> =>
  (await worker.fetch(`/call/${name}`, init)).json()
