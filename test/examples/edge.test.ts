/** Specifies the edge function of the examples, in `@edge-runtime/vm`. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { edge } from '../../examples/demo/edge/host.ts'
import { Deployment } from '../../examples/demo/requests/deployment.ts'
import type { VariantId } from '../../examples/demo/requests/variants.ts'
import { startShop } from '../../examples/workers/shop.ts'
import { names } from '../support/workers.ts'

const host = edge(fileURLToPath(new URL('../runtimes/edge/', import.meta.url)))
const SLOW = { delayMs: 300 }

async function started(id: VariantId) {
  const owner = new AsyncDisposableStack()
  const shop = owner.use(await startShop())
  const deployment = await Deployment.start(id, host, shop.url, owner, SLOW)
  return { deployment, [Symbol.asyncDispose]: () => owner.disposeAsync() }
}

test('in the edge VM, orders/flushed.ts answers before the collector, and `waitUntil` keeps it until all is acknowledged', async () => {
  await using edge_ = await started('flushed')
  const { deployment } = edge_
  for (let request = 1; request <= 3; request++) {
    const { requestId, responseMs, kept } = await deployment.request()
    if (request > 1) expect(responseMs).toBeLessThan(SLOW.delayMs)
    const spans = (await kept)?.slice(-10) ?? []
    expect(deployment.collector.spans).toHaveLength(10 * request)
    const root = spans.find(({ attributes }) => attributes['vercel.request_id'] === requestId)
    expect(root).toMatchObject({ name: 'POST /orders', attributes: { 'http.route': '/orders', 'http.response.status_code': 201 } })
    expect(spans.find(({ name }) => name === 'check fraud')?.attributes['flushed.unfinished']).toBe(true)
    const audit = spans.find(({ name }) => name === 'audit')
    expect(audit).toMatchObject({ parentSpanId: root?.spanId })
    expect(audit?.attributes).not.toHaveProperty(['flushed.unfinished'])
  }
  expect(deployment.log).toBeUndefined()
})

test('in the edge VM, orders/wait-until.ts delivers only some of the spans, and orders/naive.ts none', async () => {
  await using remedy = await started('wait-until')
  await using naive = await started('naive')
  const delivered = async ({ deployment }: typeof remedy) => names((await (await deployment.request()).kept) ?? [])
  const some = await delivered(remedy)
  expect(some).toContain('POST /orders')
  expect(some).not.toContain('audit')
  expect(some).not.toContain('check fraud')
  expect(await delivered(naive)).toEqual([])
})
