/**
 * Cloudflare's own runtime, workerd, through Miniflare.
 *
 * @module
 */
import type { Host } from '../requests/host.ts'
import { configOf, workerOf } from './wrangler.ts'

const config = 'wrangler.jsonc'

/** Call this once `test/runtimes/workers` is installed. */
export async function workers(): Promise<Host> {
  const { binaries, startMiniflare } = await import('../../../test/support/miniflare.ts')
  const binary = binaries.at(-1)
  if (binary === undefined) throw new Error('there is no workerd')
  const { name, compatibility_date: date } = configOf(config)
  return {
    title: 'Cloudflare Workers',
    version: `workerd ${binary.version} (the real runtime), as of ${date}`,
    sources: 'examples/workers/orders',
    end: 'end = the isolate is disposed of, some seconds after its last request',
    idHeader: 'cf-ray',
    async start(id, { collector, shop }) {
      const worker = await workerOf(config, { SHOP_URL: shop, OTLP_ENDPOINT: collector }, `orders/${id}.ts`)
      const { miniflare, lines } = await startMiniflare(binary, { workers: [worker] })
      const url = new URL('/orders', await miniflare.unsafeGetDirectURL(name))
      return {
        request: async (init) => ({ response: await fetch(url, init) }),
        logs: () => lines.all,
        end: () => miniflare.dispose(),
      }
    },
  }
}
