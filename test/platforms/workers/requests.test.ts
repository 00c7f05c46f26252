/** Requests on real workerd: each binary, at the oldest and the newest compatibility date, with and without Node's APIs. */
import { describe, expect, test } from 'vitest'
import { crossed, names, runtimes } from '../../support/workers.ts'

const SPANS = ['ship', 'charge', 'GET']

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('after each of the first ten requests of an isolate, every span so far is acknowledged, in one POST per request', async () => {
    await using worker = await startWorker('orders.mjs')
    for (let id = 1; id <= 10; id++) {
      const response = await worker.fetch(`/?id=${id}`)
      expect(await response.json()).toEqual({ id })
      // Nothing else happens until then, as if the isolate ended after this request.
      await worker.collector.waitFor(({ spans }) => spans.length >= 3 * id)
      expect(names(worker.collector.spans)).toEqual(Array(id).fill(SPANS).flat())
      expect(worker.collector.requests).toHaveLength(id)
    }
    expect((await worker.reported(10)).map(({ outcome, phase }) => `${outcome} ${phase}`)).toEqual(Array(10).fill('delivered after-response'))
    expect(crossed(worker.logs())).toEqual([])
  })

  test('child spans are children of the root span, and in its trace', async () => {
    await using worker = await startWorker('orders.mjs')
    await worker.fetch('/?id=7')
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    const [ship, charge, root] = worker.collector.spans
    expect(new Set(worker.collector.spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(charge?.parentSpanId).toBe(root?.spanId)
    expect(ship?.parentSpanId).toBe(root?.spanId)
    expect(root).toMatchObject({ kind: 'server', attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.path': '/' } })
  })

  test('an error that the handler throws reaches the platform unchanged, and its spans reach the collector', async () => {
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

/** The errors that workerd logs as thrown, without where. */
const uncaught = (logs: string) => logs.match(/remote\.jsg\.\w+: .*?(?=;|\n|$)/g) ?? []
