/** G5 Isolated, on real workerd: requests that share an isolate, and nothing else. */
import type { CollectorRequest } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { type StartedWorker, corners, crossed, samples } from '../../support/workers.ts'

const SPANS = 3
/** The deadline is not what these tests are about. */
const PATIENT = { TIMEOUT_MS: 20_000 }
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Sends `requests` requests, `clients` at a time, and waits until all their spans have arrived. */
async function load(worker: StartedWorker, requests: number, clients: number, headers: Record<string, string> = {}) {
  let next = 0
  const client = async () => {
    while (next < requests) {
      const id = next++
      expect(await (await worker.fetch(`/?id=${id}`, { headers })).json()).toEqual({ id })
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  await worker.collector.waitFor(({ spans }) => spans.length >= SPANS * requests, { timeoutMs: 30_000 })
}

/** The orders whose spans are in a POST. */
const ordersIn = ({ spans }: CollectorRequest) =>
  new Set(spans.map(({ attributes }) => Number(attributes['app.order'] ?? String(attributes['url.query']).slice('id='.length))))

const spanIds = ({ collector }: StartedWorker) => collector.received.map(({ spanId }) => spanId)

describe.each(samples)('on $title', ({ startWorker }) => {
  test('1,000 requests, 20 at a time: every span arrives once, at most one POST per flush, no I/O crosses requests', { timeout: 60_000 }, async () => {
    await using worker = await startWorker('orders.mjs', { bindings: PATIENT })
    await load(worker, 1000, 20)
    expect(new Set(spanIds(worker)).size).toBe(1000 * SPANS)
    expect(spanIds(worker)).toHaveLength(1000 * SPANS)
    const reports = await worker.reported(1000)
    expect(worker.collector.requests.length).toBeLessThanOrEqual(reports.length)
    expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['delivered']))
    expect(reports.reduce((sum, { spans }) => sum + spans.acknowledged, 0)).toBe(1000 * SPANS)
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe.each(corners)('on $title', ({ startWorker }) => {
  test('concurrent requests of one trace each send their own spans, in a POST of their own', async () => {
    await using worker = await startWorker('orders.mjs', { bindings: PATIENT })
    await load(worker, 100, 20, { traceparent: TRACEPARENT })
    expect(new Set(worker.collector.spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(worker.collector.requests).toHaveLength(100)
    for (const request of worker.collector.requests) {
      expect(ordersIn(request).size).toBe(1)
      const [ship, charge, root] = request.spans
      expect([ship?.parentSpanId, charge?.parentSpanId, root?.parentSpanId]).toEqual([root?.spanId, root?.spanId, TRACEPARENT.split('-')[2]])
    }
  })

  test('more exports than an exporter makes at a time, to a slow collector: all arrive, no I/O crosses requests', { timeout: 40_000 }, async () => {
    await using worker = await startWorker('orders.mjs', { behavior: { delayMs: 200 }, bindings: PATIENT })
    await load(worker, 200, 20)
    expect(new Set(spanIds(worker)).size).toBe(200 * SPANS)
    expect(crossed(worker.logs())).toEqual([])
  })
})
