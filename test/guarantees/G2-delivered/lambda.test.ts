/** G2 Delivered is acknowledged, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { runtimes } from '../../support/lambda.ts'

const SLOW = { delayMs: 400 }

describe.each(runtimes)('on $title: every span is in a slow export when the handler returns', ({ startFunction }) => {
  test('`try/finally forceFlush` freezes with none of them delivered', async () => {
    await using lambda = await startFunction('in-flight.pattern', { behavior: SLOW })
    const { result, freeze } = await lambda.invoke({ id: 1 })
    expect(result.payload).toEqual({ id: 1 })
    expect(freeze.spans).toEqual([])
  })

  test('`flushed` freezes with all of them delivered', async () => {
    await using lambda = await startFunction('in-flight.flushed', { behavior: SLOW })
    const { result, freeze } = await lambda.invoke({ id: 1 })
    expect(result.payload).toEqual({ id: 1 })
    expect(freeze.spans.map(({ name }) => name)).toEqual(['step 0', 'step 1', 'step 2', 'step 3', 'root'])
  })
})

describe.each(runtimes)('on $title: what the collector does not accept', ({ startFunction }) => {
  test.each([400, 500])('with HTTP %i is not called delivered, and arrives with the next flush', async (status) => {
    await using lambda = await startFunction('orders.handler', { behavior: { status } })
    const refused = await lambda.invoke({ id: 1 })
    expect(refused.freeze.spans).toEqual([])
    expect(lambda.logs()).toContain('6 spans kept for the next flush')
    lambda.collector.behave('ok')
    const { freeze } = await lambda.invoke({ id: 2 })
    expect(freeze.spans).toHaveLength(12)
    // What was refused goes by itself: it would spoil the request of what goes with it.
    expect(freeze.requests).toBe(2)
  })
})
