/** G1 Order, on the real runtime client: what the collector has when the process is stopped. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { rootOf, runtime, startFunction } from '../../support/lambda.ts'

const INVOCATIONS = 1000
/** Between the two clocks that a span reads one after the other, the system may run something else. */
const CLOCKS_APART = 50_000_000n
const CHILDREN = ['bank', 'charge', 'label', 'ship', 'validate']

describe(`on ${runtime}`, () => {
  test(`${INVOCATIONS} invocations: six of six spans at every freeze, in one request, in order`, { timeout: 120_000 }, async () => {
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

  test('leftovers, and nothing else, are marked', async () => {
    await using lambda = await startFunction('orders.handler')
    const { freeze } = await lambda.invoke()
    const marked = freeze.spans.filter(({ attributes }) => attributes['flushed.unfinished'] === true)
    expect(marked.map(({ name }) => name)).toEqual(['label', 'ship'])
  })
})

/**
 * Children before parents, parents before the root: in the request, and on the clock, as far as that goes. The SDK takes
 * the start of a span from one clock, of whole milliseconds, and adds a duration to it that another has measured.
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
