/** Work that the user hands to `ctx.waitUntil`, on real workerd. */
import { describe, expect, test } from 'vitest'
import { corners, crossed, names, runtimes, samples } from '../../support/workers.ts'

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('a child span that ends 200 ms after the response arrives whole, after the spans of the request', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/late')
    await worker.collector.waitFor(({ spans }) => spans.length === 2)
    expect(names(worker.collector.spans)).toEqual(['order', 'GET'])
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    const [, root, audit] = worker.collector.spans
    expect(audit?.name).toBe('audit')
    expect(audit?.parentSpanId).toBe(root?.spanId)
    expect(audit?.attributes).toEqual({})
    expect(Number(audit!.endTimeUnixNano - audit!.startTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(190)
    const reports = await worker.reported(2)
    expect(reports.map(({ phase, outcome, spans }) => [phase, outcome, spans.acknowledged])).toEqual([
      ['after-response', 'delivered', 2],
      ['background', 'delivered', 1],
    ])
    expect(worker.collector.requests).toHaveLength(2)
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe.each(samples)('on $title', ({ startWorker }) => {
  test('a child span that is never ended arrives, marked as unfinished, when the work is over', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/never')
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    expect(worker.collector.spans[2]).toMatchObject({ name: 'audit', attributes: { 'flushed.unfinished': true } })
    expect((await worker.reported(2))[1]).toMatchObject({ phase: 'background', spans: { acknowledged: 1, endedByDispose: 1 } })
  })

  test('a span that the handler has left open does not wait for work that began after it', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/forgotten')
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    expect(worker.collector.requests.map(({ spans }) => names(spans))).toEqual([['order', 'GET'], ['audit']])
    expect(worker.collector.spans.map(({ attributes }) => attributes['flushed.unfinished'])).toEqual([true, undefined, undefined])
  })

  test('work that other work has handed to `ctx.waitUntil` is waited for', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/nested')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    expect(names(worker.collector.spans)).toEqual(['order', 'GET', 'audit', 'nested'])
    expect(worker.collector.requests).toHaveLength(2)
  })

  test('ten requests in a row, in one isolate, deliver all of their spans once', async () => {
    await using worker = await startWorker('background.mjs')
    for (let at = 0; at < 10; at++) await worker.fetch('/nested')
    await worker.collector.waitFor(({ spans }) => spans.length >= 40)
    const byName = Object.groupBy(worker.collector.received, ({ name }) => name)
    expect(Object.values(byName).map((spans) => spans?.length)).toEqual([10, 10, 10, 10])
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe.each(corners)('on $title', ({ startWorker }) => {
  test('the response waits neither for work nor for a collector that hangs', async () => {
    await using worker = await startWorker('background.mjs', { behavior: 'hang', bindings: { WORK_MS: 5000, TIMEOUT_MS: 5000 } })
    const startedAt = performance.now()
    expect(await (await worker.fetch('/outlives')).text()).toBe('hello')
    expect(performance.now() - startedAt).toBeLessThan(2500)
  })

  test('work goes on after the handler has thrown, and its spans arrive', async () => {
    await using worker = await startWorker('background.mjs')
    expect((await worker.fetch('/late?throw')).status).toBe(500)
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    expect(worker.collector.spans[2]).toMatchObject({ name: 'audit', attributes: {} })
  })

  test('a rejection of the work is a warning in the report of the next flush', async () => {
    await using worker = await startWorker('background.mjs')
    await worker.fetch('/rejects')
    const reports = await worker.reported(({ warnings }) => warnings.length > 0)
    expect(reports.flatMap(({ warnings }) => warnings)).toEqual(['background work failed: the audit failed'])
    expect(names(worker.collector.spans)).toContain('audit')
  })
})
