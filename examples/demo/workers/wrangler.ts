/**
 * Workers as `wrangler` runs them, through Miniflare: one source of truth about flags and bindings.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorker } from '../../../test/support/worker-bundle.ts'

/** The part of a `wrangler.jsonc` that the examples use. */
export interface Config {
  readonly name: string
  readonly main: string
  readonly compatibility_date: string
  readonly compatibility_flags: readonly string[]
  readonly vars: Readonly<Record<string, string>>
  readonly queues?: {
    readonly producers: readonly { readonly binding: string; readonly queue: string }[]
    readonly consumers: readonly { readonly queue: string; readonly max_batch_size: number; readonly max_batch_timeout: number }[]
  }
  readonly durable_objects?: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] }
}

const pathOf = (file: string) => fileURLToPath(new URL(`../../workers/${file}`, import.meta.url))

/** @param file in `examples/workers`; its comments have lines of their own */
export const configOf = (file: string): Config => JSON.parse(readFileSync(pathOf(file), 'utf8').replace(/^\s*\/\/.*$/gm, ''))

/**
 * Miniflare's options for a Worker.
 *
 * @param file its `wrangler.jsonc`, in `examples/workers`
 * @param vars as `wrangler dev --var` sets them
 * @param main as `wrangler dev <main>` does
 */
export async function workerOf(file: string, vars: Config['vars'], main?: string) {
  const config = configOf(file)
  const source = join(dirname(pathOf(file)), main ?? config.main)
  const { producers = [], consumers = [] } = config.queues ?? {}
  return {
    name: config.name,
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: await bundleWorker(source) }],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: { ...config.vars, ...vars },
    queueProducers: Object.fromEntries(producers.map(({ binding, queue }) => [binding, queue])),
    queueConsumers: Object.fromEntries(
      consumers.map((each) => [each.queue, { maxBatchSize: each.max_batch_size, maxBatchTimeout: each.max_batch_timeout }]),
    ),
    durableObjects: Object.fromEntries((config.durable_objects?.bindings ?? []).map((each) => [each.name, each.class_name])),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  }
}
