/**
 * Runs a Worker of this repository on real workerd, in front of a collector.
 *
 * A suite runs on every runtime of the matrix, or on the newest only, depending on its first line:
 *
 *     describe.each(runtimes)('on $title', ({ startWorker }) => {
 *     describe(`on ${newest.title}`, () => {
 *         const { startWorker } = newest
 */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import type { FlushReport } from 'flushed'
import type { Behaviors, Collector } from 'flushed/testing'
import { bundleWorker } from './worker-bundle.ts'
import { type Binary, type MiniflareOptions, type WorkerOptions, binaries, startMiniflare } from './miniflare.ts'

export { names } from './names.ts'

/** The parts of Node that a Worker has; `nodejs_als` is AsyncLocalStorage and nothing else. */
export type NodeFlags = 'none' | 'nodejs_als' | 'nodejs_compat'

/** The runtime that a Worker runs on. */
export interface Where {
  readonly binary: Binary
  readonly compatibilityDate: string
  readonly flags: NodeFlags
}

/** Miniflare's options of a Worker (`bindings`, `durableObjects`, `queueConsumers` …), and other things that a test decides. */
export interface WorkerSetup extends WorkerOptions {
  /** How the collector behaves. Default: it acknowledges at once. */
  readonly behavior?: Behaviors
  /** More compatibility flags. */
  readonly compatibilityFlags?: readonly string[]
  /** Other Workers in the same workerd, by name. Their scripts are named like that of the first one. */
  readonly others?: Readonly<Record<string, WorkerOptions & { readonly script: string }>>
  /** Options of Miniflare as a whole. */
  readonly miniflare?: MiniflareOptions
}

export interface StartedWorker extends AsyncDisposable {
  readonly collector: Collector
  /** The address of the Worker itself, without Miniflare in between. */
  readonly url: URL
  /** Sends a request to the Worker. */
  fetch(path?: string, init?: RequestInit): Promise<Response>
  /** Everything that workerd and the Worker have logged, uncaught exceptions included. */
  logs(): string
  /** The reports that `onFlush` of test/guarantees/workers/setup.mjs has logged. */
  reports(): FlushReport[]
  /** Waits until there are this many reports, or one that matches. @throws after a while */
  reported(which: number | ((report: FlushReport) => boolean)): Promise<FlushReport[]>
  /** Miniflare: `getQueueProducer`, `getWorker`, `dispatchFetch` … */
  readonly miniflare: Awaited<ReturnType<typeof startMiniflare>>['miniflare']
}

const REPORT = 'REPORT '
const REPORT_MS = 30_000

/** The lines that workerd must not log about our Workers: that one request touched something of another, or that one never ended. */
export const crossed = (logs: string): string[] =>
  logs.split('\n').filter((line) => /request that has since ended|different request|code had hung|Uncaught/.test(line))

/**
 * A `startWorker` for one runtime. It starts `test/guarantees/workers/<script>` (`'orders.mjs'`) with the built package.
 * `env.COLLECTOR` is the collector's address.
 */
const starter =
  (where: Where) =>
  async (script: string, setup: WorkerSetup = {}): Promise<StartedWorker> => {
    const { behavior = 'ok', others = {}, miniflare: options, ...worker } = setup
    const collector = await startCollector({ behavior })
    const of = async (name: string, source: string, more: WorkerOptions) => ({
      ...more,
      name,
      modules: [{ type: 'ESModule' as const, path: 'worker.mjs', contents: await bundleWorker(scriptOf(source)) }],
      compatibilityDate: where.compatibilityDate,
      compatibilityFlags: [...flagsOf(where), ...((more.compatibilityFlags as string[] | undefined) ?? [])],
      bindings: { COLLECTOR: collector.url, ...(more.bindings as object | undefined) },
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    })
    const rest = Object.entries(others).map(([name, { script: source, ...more }]) => of(name, source, more))
    const workers = await Promise.all([of('worker', script, worker), ...rest])
    const { miniflare, lines } = await startMiniflare(where.binary, { ...options, workers })
    const url = await miniflare.unsafeGetDirectURL('worker')
    const reports = (): FlushReport[] => lines.all.filter((line) => line.startsWith(REPORT)).map((line) => JSON.parse(line.slice(REPORT.length)))
    return {
      collector,
      url,
      miniflare,
      fetch: (path = '/', init) => fetch(new URL(path, url), init),
      logs: () => lines.all.join('\n'),
      reports,
      async reported(which) {
        const signal = AbortSignal.timeout(REPORT_MS)
        const missing = () => (typeof which === 'number' ? reports().length < which : !reports().some(which))
        while (missing()) await once(lines, 'line', { signal })
        return reports()
      },
      async [Symbol.asyncDispose]() {
        await miniflare.dispose()
        await collector.close()
      },
    }
  }

const scriptOf = (script: string) => fileURLToPath(new URL(`../guarantees/workers/${script}`, import.meta.url))

const COMPAT_IS_DEFAULT = '2026-08-04'

function flagsOf({ compatibilityDate, flags }: Where): string[] {
  if (compatibilityDate < COMPAT_IS_DEFAULT) return flags === 'none' ? [] : [flags]
  // Since that date, a Worker has all of Node, unless it declines both versions of the flag.
  const none = ['no_nodejs_compat', 'no_nodejs_compat_v2']
  return flags === 'none' ? none : flags === 'nodejs_als' ? [...none, flags] : []
}

const at = (where: Where) => ({
  ...where,
  title: `workerd ${where.binary.version}, ${where.compatibilityDate}, ${where.flags === 'none' ? 'no flags' : where.flags}`,
  startWorker: starter(where),
})

/** For `describe.each`: each binary, with the oldest and newest compatibility date that we test, with and without parts of Node. */
export const runtimes = binaries.flatMap((binary) =>
  ['2024-01-01', binary.newestDate].flatMap((compatibilityDate) =>
    (['none', 'nodejs_als', 'nodejs_compat'] as const).map((flags) => at({ binary, compatibilityDate, flags })),
  ),
)

/** The newest binary and date, with the flag that most Workers have, for suites that run there only. */
export const newest = runtimes.at(-1) as (typeof runtimes)[number]

/** Each binary at each date, with different flags each time, for suites that are too slow to run everywhere. */
export const samples = [0, 4, 8, 9].flatMap((at) => runtimes[at] ?? [])

/** The two runtimes that differ most, for suites that wait for long. */
export const corners = [runtimes[0] as (typeof runtimes)[number], newest]
