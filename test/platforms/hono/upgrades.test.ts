/** Upgrades on the real server of Hono for Node, `@hono/node-server`, with `ws`. */
import { once } from 'node:events'
import { telemetry as middleware } from 'flushed/hono'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { sockets, websocket } from './functions/sockets.mjs'
import { listen } from './serving.ts'

beforeEach(newIsolate)

/** @param opened records something in a request, or its socket; it is called when the request has been flushed */
async function start(opened: (tracer: ReturnType<typeof pipeline>['tracer']) => void = () => {}) {
  const { exporter, telemetry, tracer } = pipeline()
  const reports: FlushReport[] = []
  let tell!: () => void
  const flushed = new Promise<void>((resolve) => (tell = resolve))
  const onFlush = (report: FlushReport) => {
    reports.push(report)
    tell()
  }
  const app = sockets(middleware({ telemetry, onFlush, logger: false }), () => void flushed.then(() => opened(tracer)))
  const url = await listen(app.fetch, { websocket: websocket() })
  const socket = (path: string) => new WebSocket(new URL(path, url).href.replace('http', 'ws'))
  return { exporter, reports, flushed, socket, request: async (path: string, env: object) => app.fetch(new Request(new URL(path, url)), env) }
}

describe('a WebSocket', () => {
  test('is upgraded, as its span says; what is recorded while it is open is sent, and is not late', async () => {
    const { exporter, reports, socket } = await start((tracer) => tracer.startSpan('tick').end())
    const open = socket('/socket')
    await once(open, 'open')
    await expect.poll(() => reports.length, { timeout: 5000 }).toBe(2)
    open.close()
    const [root, tick] = exporter.spans
    expect(root).toMatchObject({ name: 'GET /socket', attributes: { 'http.response.status_code': 101, 'http.route': '/socket' } })
    expect([tick?.name, tick?.parentSpanContext?.spanId]).toEqual(['tick', root?.spanContext().spanId])
    expect(reports[1]).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, late: 0 }, warnings: [] })
  })

  test.each([403, 204])('that the application refuses with %d has that status; what is recorded later is late', async (status) => {
    const { exporter, reports, socket } = await start((tracer) => tracer.startSpan('audit').end())
    await once(socket(`/refused/${status}`), 'error')
    await expect.poll(() => reports.length, { timeout: 5000 }).toBe(2)
    expect(exporter.spans[0]).toMatchObject({ name: 'GET /refused/:status', attributes: { 'http.response.status_code': status } })
    expect(reports[1]?.spans).toMatchObject({ acknowledged: 1, late: 1 })
  })

  test('has nothing to do with a request that was not for one, whatever bindings there are', async () => {
    const { exporter, flushed, request } = await start()
    expect((await request('/empty', { incoming: { headers: {}, socket: {} } })).status).toBe(200)
    await flushed
    expect(exporter.spans[0]?.attributes['http.response.status_code']).toBe(200)
  })
})
