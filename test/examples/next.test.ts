/** Specifies the example for Next, as part of an application that Next has built. */
import { expect, test } from 'vitest'
import { startNext } from '../support/next.ts'

test('on real Next, next/app/orders/[id]/route.ts answers before the collector; work in `after()` is delivered too', async () => {
  await using app = await startNext()
  await app.request('/orders/1')
  app.collector.behave({ delayMs: 1000 })
  const answer = await app.request('/orders/7')
  expect(JSON.parse(answer.text)).toEqual({ id: '7', state: 'shipped' })
  expect(app.collector.acknowledged(answer.traceId)).toEqual([])
  const spans = (await app.spans(answer, 'audit')).filter(({ scope }) => scope?.name === 'flushed')
  expect(spans.map(({ name }) => name)).toEqual(['SELECT orders', 'GET /orders/[id]', 'audit'])
}, 300_000)
