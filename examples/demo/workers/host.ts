/**
 * Cloudflare's own runtime, workerd, by Miniflare.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { bundleWorker } from '../../../test/support/worker-bundle.ts'
import type { Host } from '../requests/host.ts'

/** As in `examples/workers/wrangler.jsonc`. */
const compatibility = { compatibilityDate: '2026-07-01', compatibilityFlags: ['nodejs_compat'] }

const sourceOf = (id: string) => fileURLToPath(new URL(`../../workers/orders/${id}.ts`, import.meta.url))

/** To be called when `test/runtimes/workers` is installed. */
export async function workers(): Promise<Host> {
  const { binaries, startMiniflare } = await import('../../../test/support/miniflare.ts')
  const binary = binaries.at(-1)
  if (binary === undefined) throw new Error('there is no workerd')
  return {
    title: 'Cloudflare Workers',
    version: `workerd ${binary.version} (the real runtime), ${compatibility.compatibilityDate}`,
    sources: 'examples/workers/orders',
    end: 'end = the isolate is disposed of, some seconds after its last request',
    idHeader: 'cf-ray',
    async start(id, { collector, shop }) {
      const worker = {
        ...compatibility,
        name: 'orders',
        modules: [{ type: 'ESModule', path: 'worker.mjs', contents: await bundleWorker(sourceOf(id)) }],
        bindings: { SHOP_URL: shop, OTLP_ENDPOINT: collector },
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      }
      const { miniflare, lines } = await startMiniflare(binary, { workers: [worker] })
      const url = new URL('/orders', await miniflare.unsafeGetDirectURL('orders'))
      return {
        request: async (init) => ({ response: await fetch(url, init) }),
        logs: () => lines.all,
        end: () => miniflare.dispose(),
      }
    },
  }
}
