/** G2 Delivered is acknowledged, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { runtimes } from '../../support/lambda.ts'

const SLOW = { delayMs: 400 }

describe.each(runtimes)('on $title, when every span is in a slow export as the handler returns', ({ startFunction }) => {
  test('`try/finally forceFlush()` freezes with no span delivered', async () => {
    await using lambda = await startFunction('in-flight.pattern', { behavior: SLOW })
    const { result, freeze } = await lambda.invoke({ id: 1 })
    expect(result.payload).toEqual({ id: 1 })
    expect(freeze.spans).toEqual([])
  })

  test('`flushed` freezes with every span delivered', async () => {
    await using lambda = await startFunction('in-flight.flushed', { behavior: SLOW })
    const { result, freeze } = await lambda.invoke({ id: 1 })
    expect(result.payload).toEqual({ id: 1 })
    expect(freeze.spans.map(({ name }) => name)).toEqual(['step 0', 'step 1', 'step 2', 'step 3', 'root'])
  })
})

describe.each(runtimes)('on $title, spans that the collector refuses', ({ startFunction }) => {
  test.each([400, 500])('with HTTP %i are logged as kept, and arrive with the next flush', async (status) => {
    await using lambda = await startFunction('orders.handler', { behavior: { status } })
    const refused = await lambda.invoke({ id: 1 })
    expect(refused.freeze.spans).toEqual([])
    expect(lambda.logs()).toContain('6 spans kept for the next flush')
    lambda.collector.behave('ok')
    const { freeze } = await lambda.invoke({ id: 2 })
    expect(freeze.spans).toHaveLength(12)
    // Refused spans go in a request of their own: they would make the collector refuse the spans sent with them.
    expect(freeze.requests).toBe(2)
  })
})
