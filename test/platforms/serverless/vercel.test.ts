/**
 * Functions of Vercel's Node.js runtime, `(request, response) => …`, on real Node servers, with a fake of Vercel's request
 * context where `@vercel/functions` looks for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { telemetry as forExpress } from 'flushed/express'
import { telemetry as forHono } from 'flushed/hono'
import { withTelemetry } from 'flushed/node'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../support/raw.ts'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { getRequestListener } from '../../runtimes/hono/node_modules/@hono/node-server/dist/index.mjs'
import { application } from '../hono/functions/app.mjs'

const express = createRequire(new URL('../../runtimes/servers/', import.meta.url))('express') as typeof import('express')

const VERCEL = Symbol.for('@vercel/request-context')
const globals = globalThis as unknown as Record<symbol, unknown>
const requests = new AsyncLocalStorage<{ waitUntil(work: Promise<unknown>): void }>()

beforeEach(() => {
  newIsolate()
  globals[VERCEL] = { get: () => requests.getStore() }
  onTestFinished(() => void delete globals[VERCEL])
})

/** Runs a function as Vercel does. `held` has what its `waitUntil` has been given, by request. */
async function deploy(listener: RequestListener) {
  const held: Promise<unknown>[][] = []
  const server = createServer((request, response) => {
    const works: Promise<unknown>[] = []
    held.push(works)
    requests.run({ waitUntil: (work) => void works.push(work) }, () => listener(request, response))
  })
  server.listen(0)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { held, at: (path: string) => new URL(`http://localhost:${(server.address() as AddressInfo).port}${path}`) }
}

function setup() {
  const made = pipeline({}, 'hold')
  const reports: FlushReport[] = []
  const warnings: string[] = []
  const logger = { warn: (message: string) => warnings.push(message) }
  return { ...made, reports, warnings, options: { telemetry: made.telemetry, onFlush: (report: FlushReport) => reports.push(report), logger } }
}

type Options = ReturnType<typeof setup>['options']

const functions: [string, (options: Options) => RequestListener, string][] = [
  ['`flushed/node`', (options) => withTelemetry((_request, response) => response.end('hello'), options), 'GET'],
  ['`flushed/express`', (options) => express().use(forExpress(options)).get('/', (_request, response) => void response.send('hello')), 'GET /'],
  ['`flushed/hono`', (options) => getRequestListener(application(forHono(options)).fetch as never) as RequestListener, 'GET /'],
]

describe.each(functions)('a fake of Vercel’s request context: %s', (_what, listenerOf, name) => {
  test('keeps the function alive until the flush of each request is over; the flush begins at once', async () => {
    const { exporter, options, reports, warnings } = setup()
    const { at, held } = await deploy(listenerOf(options))
    for (const count of [1, 2, 3]) {
      expect((await ask(at('/'))).body).toBe('hello')
      await expect.poll(() => exporter.exports.length).toBe(count)
    }
    // No export has been acknowledged, and all requests have been answered.
    expect(exporter.spans).toEqual([])
    expect(held).toHaveLength(3)
    exporter.acknowledge()
    await Promise.all(held.flat())
    expect(exporter.spans.map((span) => span.name)).toEqual([name, name, name])
    expect(reports).toMatchObject([1, 2, 3].map(() => ({ phase: 'after-response', outcome: 'delivered' })))
    expect(warnings).toEqual([])
  })
})
