/** Runs each contestant's Worker on real workerd, in a process of its own, in front of a backend of its own. */
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { install } from '../support/install.mjs'
import { Backend } from './backend.mjs'

const path = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @type {Record<string, { label: string, file: string, events?: boolean }>} */
export const WORKERS = {
  bare: { label: 'bare handler', file: 'workers/bare.mjs' },
  pattern: { label: 'waitUntil(forceFlush()), batch', file: 'workers/pattern.mjs' },
  'otel-cf-workers': { label: '@microlabs/otel-cf-workers', file: 'peers/workers/otel-cf-workers.mjs' },
  sentry: { label: '@sentry/cloudflare', file: 'peers/workers/sentry.mjs' },
  evlog: { label: 'evlog', file: 'peers/workers/evlog.mjs', events: true },
  flushed: { label: 'flushed', file: 'workers/flushed.mjs' },
}

/** Bundles a Worker as wrangler does with `minify`. */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [path(file)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    plugins: [builtins],
    logLevel: 'error',
  })
  return outputFiles[0].text
}

/** With `nodejs_compat`, a Worker has Node's modules, with or without the prefix `node:`. */
const builtins = {
  name: 'builtins',
  setup({ onResolve }) {
    onResolve({ filter: /^(async_hooks|buffer|crypto|diagnostics_channel|events|fs|http|https|path|stream|url|util|zlib)$/ }, (args) => ({
      path: `node:${args.path}`,
      external: true,
    }))
  },
}

export class Worker {
  #agent = new Agent({ keepAlive: true, maxSockets: 32 })

  constructor(name, { backend, miniflare, lines, url, bytes, version }) {
    Object.assign(this, { name, backend, miniflare, lines, url, bytes, version })
  }

  /**
   * @param {{ order: string, children: number, open?: number }} what
   * @returns {Promise<number>} milliseconds until the response's end
   */
  async request({ order, ...query }) {
    const start = performance.now()
    const request = get(new URL(`/?${new URLSearchParams(query)}`, this.url), { agent: this.#agent, headers: { 'x-order': order } })
    const [response] = await once(request, 'response')
    response.resume()
    await once(response, 'end')
    if (response.statusCode !== 200) throw new Error(`${this.name} answered ${response.statusCode}: ${this.lines.all.slice(-3).join('\n')}`)
    return performance.now() - start
  }

  async close() {
    this.#agent.destroy()
    await this.miniflare.dispose()
    await this.backend.close()
  }
}

/** @param {string} name */
export async function startWorker(name) {
  await install(path('../runtimes/workers'))
  const { binaries, startMiniflare } = await import('../support/miniflare.ts')
  const binary = binaries.at(-1)
  const backend = await new Backend().start()
  const contents = await bundle(WORKERS[name].file)
  const { miniflare, lines } = await startMiniflare(binary, {
    name,
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents }],
    compatibilityDate: binary.newestDate,
    compatibilityFlags: ['nodejs_compat'],
    bindings: { COLLECTOR: backend.url, SENTRY_DSN: `http://public@127.0.0.1:${backend.port}/1` },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    inspectorPort: 0,
  })
  const url = await miniflare.unsafeGetDirectURL(name)
  const bytes = gzipSync(contents, { level: 9 }).length
  return new Worker(name, { backend, miniflare, lines, url, bytes, version: binary.version })
}
