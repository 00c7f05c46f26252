/** G1 Order, on real workerd: which spans a POST has, and in which order. */
import { describe, expect, test } from 'vitest'
import { samples, names } from '../../support/workers.ts'

describe.each(samples)('on $title', ({ startWorker }) => {
  test('spans left open are marked and end deepest first, then the root, all in one POST', async () => {
    await using worker = await startWorker('leftovers.mjs')
    await worker.fetch()
    await worker.collector.waitFor(({ spans }) => spans.length > 0)
    expect(worker.collector.requests).toHaveLength(1)
    expect(names(worker.collector.spans)).toEqual(['done', 'bank', 'charge', 'GET'])
    const marked = worker.collector.spans.filter(({ attributes }) => attributes['flushed.unfinished'] === true)
    expect(names(marked)).toEqual(['bank', 'charge'])
    const [, bank, charge, root] = worker.collector.spans
    expect([bank?.parentSpanId, charge?.parentSpanId]).toEqual([charge?.spanId, root?.spanId])
  })

  test('a span that ends after the response goes in a second POST, not with those that ended before it', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/late')
    await worker.collector.waitFor(({ requests }) => requests.length === 2)
    expect(worker.collector.requests.map(({ spans }) => names(spans))).toEqual([['order', 'GET'], ['audit']])
  })
})
