/**
 * An edge runtime: `@edge-runtime/vm`.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import type { Host } from '../requests/host.ts'
import type { Start, Tells, Told } from './isolate.ts'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** @param packages a folder that has `@edge-runtime/vm` */
export function edge(packages: string): Host {
  const { version } = createRequire(packages)('@edge-runtime/vm/package.json') as { version: string }
  return {
    title: 'Edge functions',
    version: `@edge-runtime/vm ${version}`,
    sources: 'examples/edge/orders',
    end: 'end = nothing is left of what was handed to waitUntil',
    idHeader: 'x-vercel-id',
    async start(id, { collector, shop }) {
      const start: Start = { packages, code: await bundled(id), env: { SHOP_URL: shop, OTLP_ENDPOINT: collector } }
      const thread = new Worker(new URL('isolate.ts', import.meta.url), { workerData: start })
      const logs: string[] = []
      const waiting = new Map<string, (message: Tells) => void>()
      const told = (key: string) => new Promise<Tells>((resolve) => waiting.set(key, resolve))
      thread.on('message', (message: Tells) => {
        if ('line' in message) return logs.push(message.line)
        return waiting.get(`${message.id} ${'over' in message ? 'over' : 'answer'}`)?.(message)
      })
      let requests = 0
      return {
        async request(init) {
          const number = ++requests
          const [answer, kept] = [told(`${number} answer`), told(`${number} over`)]
          thread.postMessage({ id: number, url: 'https://example.com/orders', init } as Told)
          const { status = 500, body = '' } = (await answer) as { status?: number; body?: string }
          return { response: new Response(body, { status }), kept }
        },
        logs: () => logs,
        end: async () => void (await thread.terminate()),
      }
    },
  }
}

/** One script, made of the built package, for runtimes other than Node. */
async function bundled(id: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [folder(`../../edge/orders/${id}.ts`)],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'entry',
    target: 'es2022',
    conditions: ['edge-light', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['async_hooks', 'events'],
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
