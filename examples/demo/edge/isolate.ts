/**
 * A function in the virtual machine in which Vercel's edge functions run locally, in a thread that can be ended.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type * as Package from '@edge-runtime/vm'

/** What the thread is started with. */
export interface Start {
  /** A folder that has `@edge-runtime/vm`. */
  readonly packages: string
  /** The function, bundled, as the global `entry`. */
  readonly code: string
  readonly env: Readonly<Record<string, string>>
}

/** A message to the thread: a request. */
export interface Told {
  readonly id: number
  readonly url: string
  readonly init: { readonly method: string; readonly headers: Record<string, string>; readonly body: string }
}

/** A message from the thread: the response; that nothing handed to `waitUntil` is left; a line of its log. */
export type Tells =
  | { readonly id: number; readonly status: number; readonly body: string }
  | { readonly id: number; readonly over: true }
  | { readonly line: string }

interface Entry {
  default(request: Request, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response>
}

const { packages, code, env } = workerData as Start
const port = parentPort
if (!port) throw new Error('this is no thread')
const tell = (message: Tells) => port.postMessage(message)
const require = createRequire(packages)
const { EdgeVM } = require('@edge-runtime/vm') as typeof Package

const log = (...what: unknown[]) => tell({ line: what.join(' ') })
const vm = new EdgeVM({
  // Vercel also has these there: the environment, AsyncLocalStorage, and some of Node's modules.
  extend: (context) =>
    Object.assign(context, { process: { env }, AsyncLocalStorage, require, console: { ...console, log, warn: log, error: log } }),
})
const entry = vm.evaluate<Entry>(`${code};entry`)

port.on('message', async ({ id, url, init }: Told) => {
  const work = new Set<Promise<unknown>>()
  const waitUntil = (promise: Promise<unknown>) => {
    const settled: Promise<unknown> = Promise.allSettled([promise]).then(() => work.delete(settled))
    work.add(settled)
  }
  try {
    const response = await entry.default(new vm.context.Request(url, init) as Request, { waitUntil })
    tell({ id, status: response.status, body: await response.text() })
  } catch (error) {
    tell({ id, status: 500, body: String(error) })
  }
  while (work.size > 0) await Promise.all(work)
  tell({ id, over: true })
})
