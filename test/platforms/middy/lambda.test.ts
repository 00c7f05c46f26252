/** middy on the real runtime clients: what the collector has when the process is stopped. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { count, expectSerial, warnings } from '../../support/extension.ts'
import { type LambdaSetup, rootOf, runtimes } from '../../support/lambda.ts'

const clients = runtimes.map(({ title, startFunction }) => ({
  title,
  start: (handler: string, setup?: LambdaSetup) => startFunction(`../../platforms/middy/functions/${handler}`, setup),
}))

const INVOCATIONS = 100

const ways = [
  ['`middy().use(telemetry())`', 'used'],
  ['`withTelemetry(middy())`', 'wrapped'],
] as const
const inBothWays = clients.flatMap((client) => ways.map(([way, name]) => ({ ...client, way, handler: `orders.${name}` })))

describe.each(inBothWays)('on $title, $way', ({ start, handler }) => {
  test(`${INVOCATIONS} invocations each deliver four of four spans by the freeze, in one trace below their own root`, { timeout: 60_000 }, async () => {
    await using lambda = await start(handler)
    const traces = new Set<string>()
    for (let id = 0; id < INVOCATIONS; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      const root = rootOf(freeze.spans) as CollectedSpan
      expect(result.payload).toEqual({ id, active: root.spanId })
      expect(freeze.requests).toBe(1)
      expect(freeze.spans.map(({ name }) => name)).toEqual(['bank', 'charge', 'left', 'flushed-test'])
      expect(new Set(freeze.spans.map(({ traceId }) => traceId)).size).toBe(1)
      expect(freeze.spans[2]?.parentSpanId).toBe(root.spanId)
      expect(root.parentSpanId).toBeUndefined()
      expect(root.attributes['faas.invocation_id']).toBe(result.requestId)
      traces.add(root.traceId)
    }
    expect(traces.size).toBe(INVOCATIONS)
  })

  test('an error is the result of the invocation, and is on its root span', async () => {
    await using lambda = await start(handler)
    const { result, freeze } = await lambda.invoke({ fail: true })
    expect(result).toMatchObject({ ok: false, error: { errorType: 'RangeError', errorMessage: 'out of stock' } })
    expect(freeze.spans).toHaveLength(4)
    expect(rootOf(freeze.spans)?.status).toEqual({ code: 'error', message: 'out of stock' })
  })

  test('a collector that answers 500 does not change the response', async () => {
    await using lambda = await start(handler, { behavior: { status: 500 } })
    const { result } = await lambda.invoke({ id: 7 })
    expect(result).toMatchObject({ ok: true, payload: { id: 7 } })
    expect(lambda.logs()).toContain('flushed: failed')
  })
})

describe.each(clients)('on $title', ({ start }) => {
  test('the span of an early answer below the middleware arrives with the next invocation at the latest', async () => {
    await using lambda = await start('orders.used', { behavior: { delayMs: 100 } })
    const { result } = await lambda.invoke({ early: true })
    expect(result.payload).toEqual({ early: true })
    const { freeze } = await lambda.invoke({ id: 2 })
    const roots = lambda.collector.spans.filter(({ attributes }) => attributes['faas.invocation_id'])
    expect(roots.map(({ attributes }) => attributes['faas.invocation_id'])).toContain(result.requestId)
    expect(freeze.spans.length).toBeGreaterThanOrEqual(4)
    const early = roots.find(({ attributes }) => attributes['faas.invocation_id'] === result.requestId) as CollectedSpan
    expect(early.endTimeUnixNano - early.startTimeUnixNano).toBeLessThan(100_000_000n)
  })

  test('the span of an early answer below a wrap arrives by the freeze of its own invocation', async () => {
    await using lambda = await start('orders.wrapped', { behavior: { delayMs: 100 } })
    const { result, freeze } = await lambda.invoke({ early: true })
    expect(result.payload).toEqual({ early: true })
    expect(freeze.spans.map(({ name }) => name)).toEqual(['flushed-test'])
  })

  test('a streamed response arrives as it is, and its span is delivered', async () => {
    await using lambda = await start('orders.streamed')
    const { result, freeze } = await lambda.invoke({ id: 3 })
    expect(result).toMatchObject({ ok: true, payload: 'order 3', prelude: { statusCode: 200 } })
    expect(freeze.spans.map(({ name }) => name)).toEqual(['flushed-test'])
  })
})

const REGISTERED = { behavior: { delayMs: 300 }, env: { NODE_OPTIONS: '--import flushed/lambda/register' } }

describe.each(inBothWays)('on $title, $way, registered as an extension', { concurrent: true }, ({ start, handler }) => {
  test('the response is sent first, then the spans, and then the sandbox is released', async () => {
    await using lambda = await start(handler, REGISTERED)
    for (let id = 0; id < 5; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result.payload).toMatchObject({ id })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['bank', 'charge', 'left', 'flushed-test'])
      expect((await result.frozen).afterMs).toBeLessThan(2000)
    }
    expectSerial(lambda)
    expect(warnings(lambda)).toEqual([])
  })

  test.for([{ early: true }, { fail: true }])('the answer to %o is sent first too, then the spans', async (event) => {
    await using lambda = await start(handler, REGISTERED)
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke(event)
      expect(result.ok).toBe(event.early === true)
      expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
      expect((await result.frozen).afterMs).toBeLessThan(2000)
    }
    const answers = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response' || kind === 'runtime.error')
    for (const [index, { at }] of answers.entries()) expect(lambda.collector.requests[index]?.receivedAt).toBeGreaterThan(at)
    expect(count(lambda, 'extension.next')).toBe(4)
  })
})

describe.each(clients)('on $title, registered as an extension', { concurrent: true }, ({ start }) => {
  test('a streamed response is not held up, and its span is delivered before the freeze', async () => {
    await using lambda = await start('orders.streamed', REGISTERED)
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result).toMatchObject({ ok: true, payload: `order ${id}` })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['flushed-test'])
      expect((await result.frozen).afterMs).toBeLessThan(2000)
    }
    expect(count(lambda, 'extension.next')).toBe(4)
    expect(warnings(lambda)).toEqual([])
  })
})
