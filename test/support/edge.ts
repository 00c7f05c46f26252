/** Runs the functions of `test/platforms/edge`, bundled with the built package, in the virtual machine of Vercel's edge runtime. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import type { FlushReport } from 'flushed'
import type { EdgeOptions } from 'flushed/edge'
import { startCollector } from 'flushed/testing'
import type { Behaviors, Collector } from 'flushed/testing'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [folder('../platforms/edge/functions/orders.mjs')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'app',
    target: 'es2022',
    conditions: ['edge-light', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    absWorkingDir: folder('../../'),
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

let functions: Promise<string> | undefined

type Handler = (...args: unknown[]) => Promise<Response>

/** An isolate that has loaded the functions. */
export interface Edge extends AsyncDisposable {
  readonly collector: Collector
  readonly handlers: Readonly<Record<'orders' | 'fail' | 'stream' | 'later' | 'opened', Handler>>
  /** The globals of the isolate. */
  readonly globals: typeof globalThis & { [symbol: symbol]: unknown }
  readonly warnings: readonly string[]
  readonly reports: readonly FlushReport[]
  /** The error that `fail` throws. */
  readonly problem: Error
  request(path?: string, init?: RequestInit): Request
}

export interface EdgeSetup {
  readonly behavior?: Behaviors
  readonly options?: EdgeOptions
  /** Whether the isolate has `AsyncLocalStorage`. Vercel has it; the virtual machine alone does not. */
  readonly storage?: boolean
}

/** Starts an isolate, and a collector for it. */
export async function startEdge({ behavior = 'ok', options = {}, storage = true }: EdgeSetup = {}): Promise<Edge> {
  const code = await (functions ??= bundle())
  const collector = await startCollector({ behavior })
  const vm = new EdgeVM({ extend: (context) => Object.assign(context, storage ? { AsyncLocalStorage } : {}) })
  vm.evaluate(code)
  const globals = vm.context as unknown as Edge['globals']
  const { app } = globals as unknown as { app: Edge & { start(url: string, options: EdgeOptions): Edge['handlers'] } }
  return {
    collector,
    handlers: app.start(collector.url, options),
    globals,
    warnings: app.warnings,
    reports: app.reports,
    problem: app.problem,
    request: (path = '/orders', init) => new globals.Request(`https://shop.example${path}`, init),
    [Symbol.asyncDispose]: () => collector.close(),
  }
}
