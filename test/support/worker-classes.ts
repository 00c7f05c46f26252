/** The classes of test/guarantees/workers/classes.mjs, as they are and wrapped. */
import type { StartedWorker, WorkerSetup, runtimes } from './workers.ts'

type Runtime = (typeof runtimes)[number]

const RPC_IS_DEFAULT = '2024-04-03'

/** What the fixture's classes are bound as. */
export function withClasses({ compatibilityDate }: Runtime, setup: WorkerSetup = {}): WorkerSetup {
  return {
    durableObjects: { ROOM: 'Room', LEGACY: 'Legacy' },
    serviceBindings: { ORDERS: { name: 'worker', entrypoint: 'Orders' }, SILENT: { name: 'worker', entrypoint: 'Silent' } },
    workflows: { CHECKOUT: { name: 'checkout', className: 'Checkout' } },
    compatibilityFlags: compatibilityDate < RPC_IS_DEFAULT ? ['rpc'] : [],
    ...setup,
  }
}

/** Makes calls by their names in the fixture. */
export const call = async (worker: StartedWorker, name: string, init?: RequestInit): Promise<unknown> =>
  (await worker.fetch(`/call/${name}`, init)).json()
