/** G6 Honest, on real workerd: what the reports say, compared with what the collector has. */
import { describe, expect, test } from 'vitest'
import { samples } from '../../support/workers.ts'

describe.each(samples)('on $title', ({ startWorker }) => {
  test('spans not answered in time are pending, once, and acknowledged by the flush that sends them again', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: 'hang', bindings: { TIMEOUT_MS: 500 } })
    await worker.fetch('/?id=1')
    const [hung] = await worker.reported(1)
    expect(hung).toMatchObject({ outcome: 'timed_out', phase: 'after-response', spans: { acknowledged: 0, pending: 3, failed: 0 } })
    expect(hung?.warnings).toContain('3 spans not acknowledged in time')
    worker.collector.behave('ok')
    await worker.fetch('/?id=2')
    const [, next] = await worker.reported(2)
    expect(next).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 6, pending: 0, failed: 0 } })
    expect(worker.collector.spans).toHaveLength(6)
  })

  test('refused spans are reported as carried over, and arrive with the next flush', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: { status: 400 } })
    await worker.fetch('/?id=1')
    expect((await worker.reported(1))[0]).toMatchObject({ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 3 } })
    worker.collector.behave('ok')
    await worker.fetch('/?id=2')
    expect((await worker.reported(2))[1]).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 6, carriedOver: 0 } })
  })

  test('a root span carries the outcome of the flush before it', async () => {
    await using worker = await startWorker('orders.mjs')
    await worker.fetch('/?id=1')
    await worker.reported(1)
    await worker.fetch('/?id=2')
    await worker.collector.waitFor(({ spans }) => spans.length === 6)
    const roots = worker.collector.spans.filter(({ name }) => name === 'GET')
    expect(roots.map(({ attributes }) => attributes['flushed.previous_flush.outcome'])).toEqual([undefined, 'delivered'])
  })
})
