/** The examples for the edge and for Next, on `@edge-runtime/vm` and in an application that Next has built. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { EdgeVM } from '@edge-runtime/vm'
import { startCollector } from 'flushed/testing'
import { expect, test } from 'vitest'
import { bundleEdge } from '../support/edge.ts'
import { startNext } from '../support/next.ts'

test('on @edge-runtime/vm, functions/orders.ts answers before the collector does, and its audit is delivered too', async () => {
  await using collector = await startCollector({ behavior: { delayMs: 1000 } })
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const vm = new EdgeVM({ extend: (context) => Object.assign(context, { AsyncLocalStorage, process: { env } }) })
  vm.evaluate(await bundleEdge('../../examples/edge/functions/orders.ts', 'example'))
  const held: Promise<unknown>[] = []
  const globals = vm.context as unknown as { example: { default(request: Request): Promise<Response> }; [symbol: symbol]: unknown }
  globals[Symbol.for('@vercel/request-context')] = { get: () => ({ waitUntil: (work: Promise<unknown>) => held.push(work) }) }
  const body = JSON.stringify({ customer: 'known-4711', lines: [{ sku: 'book' }] })
  const response = await globals.example.default(new vm.context.Request('https://shop.example/orders', { method: 'POST', body }))
  expect([response.status, await response.json()]).toEqual([202, { accepted: true }])
  expect(collector.spans).toEqual([])
  await Promise.all(held)
  expect(collector.spans.map(({ name }) => name)).toEqual(['look up prices', 'POST /orders', 'audit'])
})

test('in a real Next, next/app/orders/[id]/route.ts answers before the collector does, and what it does `after()` is delivered too', async () => {
  await using app = await startNext()
  await app.request('/orders/1')
  app.collector.behave({ delayMs: 1000 })
  const answer = await app.request('/orders/7')
  expect(JSON.parse(answer.text)).toEqual({ id: '7', state: 'shipped' })
  expect(app.collector.acknowledged(answer.traceId)).toEqual([])
  const spans = (await app.spans(answer, 'audit')).filter(({ scope }) => scope?.name === 'flushed')
  expect(spans.map(({ name }) => name)).toEqual(['SELECT orders', 'GET /orders/[id]', 'audit'])
}, 120_000)
