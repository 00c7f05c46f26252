/** G3 Bounded, on the real runtime clients: what a slow or failing collector costs the response. */
import { describe, expect, test } from 'vitest'
import { median } from '../../support/extension.ts'
import { runtimes } from '../../support/lambda.ts'

const TIMEOUT_MS = 600

// These tests measure real milliseconds, and a busy machine may delay any of them.
describe.each(runtimes)('on $title', { retry: 2 }, ({ startFunction }) => {
  test('a collector that takes 200 ms costs the response one round trip, not two', async () => {
    await using lambda = await startFunction('orders.handler', { behavior: { delayMs: 200 } })
    await lambda.invoke()
    const { result, freeze } = await lambda.invoke()
    expect(freeze.requests).toBe(1)
    expect(result.responseMs).toBeGreaterThanOrEqual(195)
    expect(result.responseMs).toBeLessThan(390)
  })

  test.each([
    ['hangs', 'hang', 'OTLPTraceExporter timed out'],
    ['resets the connection', 'reset', 'OTLPTraceExporter'],
    ['refuses connections', 'refuse', 'OTLPTraceExporter'],
    ['answers 503', { status: 503 }, 'OTLPTraceExporter'],
  ] as const)(
    'a collector that %s costs at most `timeoutMs` + 50 ms; the spans arrive with the next flush',
    async (_what, behavior, warning) => {
      await using lambda = await startFunction('orders.handler', { env: { TIMEOUT_MS: String(TIMEOUT_MS) } })
      const took = []
      for (let id = 1; id < 7; id += 2) {
        await lambda.invoke({ id })
        if (behavior === 'refuse') await lambda.collector.refuse()
        else lambda.collector.behave(behavior)

        const { result } = await lambda.invoke({ id: id + 1 })
        expect(result.payload).toEqual({ id: id + 1 })
        took.push(result.responseMs)

        if (behavior === 'refuse') await lambda.collector.accept()
        lambda.collector.behave('ok')
        const { freeze } = await lambda.invoke({ id: 'next' })
        const delivered = new Set(freeze.spans.map(({ spanId }) => spanId))
        expect(delivered.size).toBe(12)
      }
      expect(median(took)).toBeLessThanOrEqual(TIMEOUT_MS + 50)
      expect(Math.max(...took)).toBeLessThan(2 * TIMEOUT_MS)
      const logs = lambda.logs()
      expect(logs).toContain('stage "exporters"')
      expect(logs).toContain(warning)
      expect(logs).toMatch(/6 spans (not acknowledged in time|kept for the next flush)/)
    },
  )

  test('an invocation that is almost out of time is not held until its timeout', async () => {
    await using lambda = await startFunction('orders.handler', { env: { TIMEOUT_MS: '5000' }, timeoutMs: 1500 })
    // The process's first invocation is not measured: on some machines it takes longer than the margin.
    await lambda.invoke({ id: 0 })
    lambda.collector.behave('hang')
    const { result } = await lambda.invoke({ id: 1 })
    expect(result).toMatchObject({ payload: { id: 1 }, timedOut: false })
    expect(result.responseMs).toBeLessThan(1500)
  })
})
