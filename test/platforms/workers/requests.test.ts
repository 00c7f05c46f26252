/** Requests on real workerd: all it has spoken so far, with and without Node's parts. */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CROSSED, corners, names, runtimes } from '../../support/workers.ts'

const SPANS = ['ship', 'charge', 'GET']

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('after each of an isolate’s first ten requests, every span so far has been acknowledged, in one POST a request', async () => {
    await using worker = await startWorker('orders.mjs')
    for (let id = 1; id <= 10; id++) {
      const response = await worker.fetch(`/?id=${id}`)
      expect(await response.json()).toEqual({ id })
      // Nothing else happens until it has: as if the isolate ended after this request.
      await worker.collector.waitFor(({ spans }) => spans.length >= 3 * id)
      expect(names(worker.collector.spans)).toEqual(Array(id).fill(SPANS).flat())
      expect(worker.collector.requests).toHaveLength(id)
    }
    expect((await worker.reported(10)).map(({ outcome, phase }) => `${outcome} ${phase}`)).toEqual(Array(10).fill('delivered after-response'))
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test('children are their parents’, in the trace of the root', async () => {
    await using worker = await startWorker('orders.mjs')
    await worker.fetch('/?id=7')
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    const [ship, charge, root] = worker.collector.spans
    expect(new Set(worker.collector.spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(charge?.parentSpanId).toBe(root?.spanId)
    expect(ship?.parentSpanId).toBe(root?.spanId)
    expect(root).toMatchObject({ kind: 'server', attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.path': '/' } })
  })

  test('a collector that takes 500 ms delays no response', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: { delayMs: 500 } })
    const response = await worker.fetch('/?id=1')
    expect(await response.json()).toEqual({ id: 1 })
    expect(worker.collector.spans).toEqual([])
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
  })

  test('an isolate whose collector has hung delivers again: what hung, too', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: 'hang', bindings: { TIMEOUT_MS: 100 } })
    expect(await (await worker.fetch('/?id=1')).json()).toEqual({ id: 1 })
    const [hung] = await worker.reported(1)
    expect(hung).toMatchObject({ outcome: 'timed_out', spans: { acknowledged: 0, pending: 3 } })
    worker.collector.behave('ok')
    await worker.fetch('/?id=2')
    await worker.collector.waitFor(({ spans }) => spans.length === 6)
    expect(names(worker.collector.spans).toSorted()).toEqual([...SPANS, ...SPANS].toSorted())
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test('an error that the handler throws reaches the platform as it is, and its spans the collector', async () => {
    await using bare = await startWorker('bare.mjs')
    await using worker = await startWorker('orders.mjs')
    const [expected, response] = [await bare.fetch('/throw?id=3'), await worker.fetch('/throw?id=3')]
    expect([response.status, await response.text()]).toEqual([expected.status, await expected.text()])
    await worker.collector.waitFor(({ spans }) => spans.length === 2)
    const [child, root] = worker.collector.spans
    expect(child?.attributes['flushed.unfinished']).toBe(true)
    expect(root).toMatchObject({ attributes: { 'error.type': 'RangeError' }, status: { code: 'error', message: 'order 3 is out of range' } })
    expect(uncaught(worker.logs())).toEqual(uncaught(bare.logs()))
    expect(uncaught(bare.logs())).toHaveLength(1)
  })
})

/** What workerd says that was thrown, without where. */
const uncaught = (logs: string) => logs.match(/remote\.jsg\.\w+: .*?(?=;|\n|$)/g) ?? []

describe.each(corners)('many at once, on $title', ({ startWorker }) => {
  test('1,000 requests, 20 at a time: every span, once, at most one POST a flush, and nothing crosses', { timeout: 60_000 }, async () => {
    await using worker = await startWorker('orders.mjs')
    let next = 0
    const client = async () => {
      while (next < 1000) {
        const id = next++
        const response = await worker.fetch(`/?id=${id}`)
        expect(await response.json()).toEqual({ id })
      }
    }
    await Promise.all(Array.from({ length: 20 }, client))
    await worker.collector.waitFor(({ spans }) => spans.length >= 3000, { timeoutMs: 20_000 })
    const ids = worker.collector.received.map(({ spanId }) => spanId)
    expect(new Set(ids).size).toBe(3000)
    expect(ids).toHaveLength(3000)
    const orders = worker.collector.spans.filter(({ name }) => name === 'ship').map(({ attributes }) => attributes['app.order'])
    expect(new Set(orders).size).toBe(1000)
    const reports = await worker.reported(1000)
    expect(worker.collector.requests.length).toBeLessThanOrEqual(reports.length)
    expect(reports.every(({ outcome }) => outcome === 'delivered')).toBe(true)
    expect(worker.logs()).not.toMatch(CROSSED)
  })
})

describe.each(corners)('when the collector hangs for long, on $title', ({ startWorker }) => {
  // One more than the exporter takes at a time; each is answered by its own timeout, or never.
  const HUNG = 31
  const bindings = { TIMEOUT_MS: 100, EXPORTER_TIMEOUT_MS: 1000 }

  test(`flushed: ${HUNG} requests, and then all of their spans`, async () => {
    await using worker = await startWorker('orders.mjs', { behavior: 'hang', bindings })
    for (let id = 0; id < HUNG; id++) await worker.fetch(`/?id=${id}`)
    await worker.reported(HUNG)
    await wait(1500)
    worker.collector.behave('ok')
    await worker.fetch(`/?id=${HUNG}`)
    const created = 3 * (HUNG + 1)
    await worker.collector.waitFor(({ spans }) => new Set(spans.map(({ spanId }) => spanId)).size === created)
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test(`OpenTelemetry’s batch processor, flushed by every request: ${HUNG} requests, and nothing for ever`, async () => {
    await using worker = await startWorker('stock.mjs', { behavior: 'hang', bindings })
    for (let id = 0; id < HUNG; id++) {
      await worker.fetch(`/hung-${id}`)
      await wait(110)
    }
    await wait(1500)
    worker.collector.behave('ok')
    const before = worker.collector.requests.length
    for (let id = 0; id < 3; id++) {
      await worker.fetch(`/after-${id}`)
      await wait(150)
    }
    expect(worker.collector.requests).toHaveLength(before)
    expect(worker.collector.spans).toEqual([])
  })

  test('OpenTelemetry’s batch processor by itself: nothing, ever', async () => {
    await using worker = await startWorker('stock.mjs')
    for (let id = 0; id < 10; id++) {
      await worker.fetch(`/order-${id}`)
      // Longer than its timer takes.
      await wait(250)
    }
    expect(worker.collector.requests).toEqual([])
  })
})
