/** Upgrades on the real server of Hono for Node, `@hono/node-server`, with `ws`. */
import { once } from 'node:events'
import { telemetry as middleware } from 'flushed/hono'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { sockets, websocket } from './functions/sockets.mjs'
import { listen } from './serving.ts'

beforeEach(newIsolate)

/** @param opened records what a socket records; it is called when the socket's request has been flushed */
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
  return { exporter, reports, flushed, socket: (path: string) => new WebSocket(new URL(path, url).href.replace('http', 'ws')) }
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

  test('that the application refuses has the status of its refusal', async () => {
    const { exporter, flushed, socket } = await start()
    await once(socket('/refused'), 'error')
    await flushed
    expect(exporter.spans).toMatchObject([{ name: 'GET /refused', attributes: { 'http.response.status_code': 403 } }])
  })
})
