/** Specifies the examples for Workers, on the newest installed workerd, with the flags and bindings of their `wrangler.jsonc`. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deployment } from '../../examples/demo/requests/deployment.ts'
import { workers } from '../../examples/demo/workers/host.ts'
import { configOf, workerOf } from '../../examples/demo/workers/wrangler.ts'
import { startShop } from '../../examples/workers/shop.ts'
import { binaries, startMiniflare } from '../support/miniflare.ts'
import { crossed, names } from '../support/workers.ts'

const binary = binaries.at(-1) as (typeof binaries)[number]
const SLOW = { delayMs: 300 }

describe(`on workerd ${binary.version}`, () => {
  let shop: Awaited<ReturnType<typeof startShop>>
  beforeAll(async () => void (shop = await startShop()))
  afterAll(() => shop[Symbol.asyncDispose]())

  test('orders/flushed.ts answers before the collector; its audit and the span it left open are delivered', async () => {
    await using owner = new AsyncDisposableStack()
    const worker = await Deployment.start('flushed', await workers(), shop.url, owner, SLOW)
    for (let request = 1; request <= 3; request++) {
      const { requestId, responseMs } = await worker.request()
      if (request > 1) expect(responseMs).toBeLessThan(SLOW.delayMs)
      await worker.collector.waitFor(({ spans }) => spans.length === 10 * request)
      const spans = worker.collector.spans.slice(-10)
      const root = spans.find(({ attributes }) => attributes['cloudflare.ray_id'] === requestId)
      expect(root).toMatchObject({ name: 'POST /orders', kind: 'server', attributes: { 'http.response.status_code': 201 } })
      expect(spans.find(({ name }) => name === 'check fraud')?.attributes['flushed.unfinished']).toBe(true)
      const audit = spans.find(({ name }) => name === 'audit')
      expect(audit).toMatchObject({ parentSpanId: root?.spanId })
      expect(audit?.attributes).not.toHaveProperty(['flushed.unfinished'])
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    }
    expect(worker.collector.requests).toHaveLength(6)
    expect(worker.log).toBeUndefined()
  })

  test('orders/wait-until.ts does not deliver the span it left open, and orders/naive.ts delivers nothing', async () => {
    await using owner = new AsyncDisposableStack()
    const host = await workers()
    const naive = await Deployment.start('naive', host, shop.url, owner, 'ok')
    const remedy = await Deployment.start('wait-until', host, shop.url, owner, 'ok')
    for (const worker of [naive, remedy]) await worker.request()
    await remedy.collector.waitFor(({ spans }) => spans.length > 0)
    expect(names(remedy.collector.spans)).toContain('POST /orders')
    expect(names(remedy.collector.spans)).not.toContain('check fraud')
    expect(naive.collector.requests).toEqual([])
  })

  test('handlers/sales.ts: requests, the batch linked to them and the Durable Object each have a root of their own', async () => {
    await using owner = new AsyncDisposableStack()
    const collector = owner.use(await startCollector())
    const worker = await workerOf('handlers/wrangler.jsonc', { OTLP_ENDPOINT: collector.url })
    const { miniflare, lines } = await startMiniflare(binary, { workers: [worker] })
    owner.defer(() => miniflare.dispose())
    const url = await miniflare.unsafeGetDirectURL(worker.name)
    const sales = [2, 3].map((quantity) => ({ sku: 'mug', quantity }))
    for (const sale of sales) expect((await fetch(url, { method: 'POST', body: JSON.stringify(sale) })).status).toBe(202)

    await collector.waitFor(({ spans }) => spans.length === 9, { timeoutMs: 8000 })
    const named = (name: string) => collector.spans.filter((span) => span.name === name)
    const [batch] = named('process orders')
    expect(batch).toMatchObject({ kind: 'consumer', attributes: { 'messaging.batch.message_count': 2 } })
    expect(batch?.links.map(({ spanId }) => spanId)).toEqual(named('POST').map(({ spanId }) => spanId))
    expect(named('sell').map(({ parentSpanId }) => parentSpanId)).toEqual([batch?.spanId, batch?.spanId])
    expect(named('sell').map(({ attributes }) => attributes['app.sold']).toSorted()).toEqual([2, 5])
    expect(named('write').map(({ parentSpanId }) => parentSpanId)).toEqual(named('Sold/add').map(({ spanId }) => spanId))
    expect(crossed(lines.all.join('\n'))).toEqual([])
  })

  test('durable-object: callers of a `@Flushed` method do not wait for its flush; `@Traced` spans are its children', async () => {
    await using owner = new AsyncDisposableStack()
    const collector = owner.use(await startCollector({ behavior: SLOW }))
    const worker = await workerOf('durable-object/wrangler.jsonc', { OTLP_ENDPOINT: collector.url })
    const { miniflare, lines } = await startMiniflare(binary, { workers: [worker] })
    owner.defer(() => miniflare.dispose())
    const url = new URL('/mug?quantity=7', await miniflare.unsafeGetDirectURL(worker.name))

    const of = (parent: { spanId: string } | undefined) => collector.spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId)
    const named = (name: string) => collector.spans.filter((span) => span.name === name)
    expect((await fetch(url, { method: 'POST' })).status).toBe(201)
    const startedAt = performance.now()
    expect((await fetch(url, { method: 'POST' })).status).toBe(409)
    expect(performance.now() - startedAt).toBeLessThan(SLOW.delayMs)
    await collector.waitFor(({ spans }) => spans.length === 8, { timeoutMs: 8000 })

    const [sold, refused] = named('Stock.reserve')
    expect(sold).toMatchObject({ kind: 'internal', attributes: { 'app.quantity': 7 } })
    expect(sold?.parentSpanId ?? '').toBe('')
    expect(names(of(sold)).toSorted()).toEqual(['reorder', 'storage.get', 'storage.put'])
    expect(names(of(refused))).toEqual(['storage.get'])
    expect(named('reorder')).toMatchObject([{ attributes: { 'app.left': 3 } }])
    // `reorder` goes on after its method has answered, and has a flush of its own.
    expect(collector.spans.some(({ attributes }) => 'flushed.unfinished' in attributes)).toBe(false)

    expect(await (await fetch(url)).json()).toEqual({ left: 3 })
    await collector.waitFor(({ spans }) => spans.length === 12, { timeoutMs: 8000 })
    const [stub] = collector.spans.filter(({ kind }) => kind === 'client')
    const [fetched] = of(stub)
    expect(fetched).toMatchObject({ name: 'GET', kind: 'server', attributes: { 'url.path': '/mug', 'http.response.status_code': 200 } })
    expect(names(of(fetched))).toEqual(['storage.get'])
    expect(crossed(lines.all.join('\n'))).toEqual([])
  })
})

test.each(['wrangler.jsonc', 'handlers/wrangler.jsonc', 'durable-object/wrangler.jsonc'])('%s deploys a file that exists', (file) => {
  const { main } = configOf(file)
  expect(existsSync(fileURLToPath(new URL(`../../examples/workers/${file}/../${main}`, import.meta.url)))).toBe(true)
})
