/** G1 Order, on the real runtime client: which spans the collector has, and in which order, when the process is stopped. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { rootOf, runtime, startFunction } from '../../support/lambda.ts'

const INVOCATIONS = 1000
/** A span reads two clocks, one after the other, and the system may run something else in between. */
const CLOCKS_APART = 50_000_000n
const CHILDREN = ['bank', 'charge', 'label', 'ship', 'validate']

describe(`on ${runtime}`, () => {
  test(`${INVOCATIONS} invocations each have all six spans acknowledged at the freeze, in one request, in order`, { timeout: 120_000 }, async () => {
    await using lambda = await startFunction('orders.handler')
    for (let id = 0; id < INVOCATIONS; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result.payload).toEqual({ id })
      expect(freeze.requests).toBe(1)
      expect(freeze.spans.map(({ name }) => name).toSorted()).toEqual([...CHILDREN, 'flushed-test'].toSorted())
      expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
      expectOrder(freeze.spans)
    }
    const ids = lambda.collector.spans.map(({ spanId }) => spanId)
    expect(new Set(ids).size).toBe(6 * INVOCATIONS)
    expect(lambda.collector.received).toHaveLength(ids.length)
  })

  test('only spans that were left open are marked as unfinished', async () => {
    await using lambda = await startFunction('orders.handler')
    const { freeze } = await lambda.invoke()
    const marked = freeze.spans.filter(({ attributes }) => attributes['flushed.unfinished'] === true)
    expect(marked.map(({ name }) => name)).toEqual(['label', 'ship'])
  })
})

/**
 * Children come before parents, and parents before the root: in the request, and by their end times, as far as those are
 * precise. The SDK takes a span's start from a clock of whole milliseconds, and adds a duration that another clock measures.
 */
function expectOrder(spans: readonly CollectedSpan[]): void {
  for (const [index, span] of spans.entries()) {
    const parent = spans.findIndex(({ spanId }) => spanId === span.parentSpanId)
    if (parent === -1) expect(span).toBe(rootOf(spans))
    else {
      expect(index).toBeLessThan(parent)
      expect(span.endTimeUnixNano - (spans[parent]?.endTimeUnixNano ?? 0n)).toBeLessThan(CLOCKS_APART)
    }
  }
}
