/** Applications of Hono on its real server for Node, `@hono/node-server`. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type HonoOptions, telemetry } from 'flushed/hono'
import type { FlushReport } from 'flushed'
import { expect, onTestFinished } from 'vitest'
import { pipeline } from '../../support/sdk.ts'
import { serve } from '../../runtimes/hono/node_modules/@hono/node-server/dist/index.mjs'
import { application } from './functions/app.mjs'

/** Serves on a server for Node, until the test is over. @returns its URL */
export async function listen(fetch: (request: Request, env: never) => unknown, options: object = {}): Promise<URL> {
  const server = serve({ fetch: fetch as never, port: 0, ...options })
  if (!server.listening) await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
  return new URL(`http://localhost:${(server.address() as AddressInfo).port}`)
}

/** Serves the application with the middleware, and records what it sends. */
export async function start(options: HonoOptions = {}, around?: Parameters<typeof application>[1], server?: object) {
  const made = pipeline()
  const reports: FlushReport[] = []
  const warnings: string[] = []
  const logger = { warn: (message: string) => warnings.push(message) }
  const middleware = telemetry({ telemetry: made.telemetry, logger, onFlush: (report) => reports.push(report), ...options })
  const url = await listen(application(middleware, around).fetch, server)
  const { exporter } = made
  /** Resolves with its spans, once there are at least `count`. */
  const spans = async (count: number) => {
    await expect.poll(() => exporter.spans.length, { timeout: 5000 }).toBeGreaterThanOrEqual(count)
    return exporter.spans
  }
  return { ...made, url, at: (path: string) => new URL(path, url), spans, reports, warnings }
}
