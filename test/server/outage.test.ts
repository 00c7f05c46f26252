/** A long-running process whose collector (an in-memory exporter) is not available, hangs or is late. With a fake clock. */
import { context } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { setup } from './clockwork.ts'

describe('an unavailable collector', () => {
  test('is tried less and less often, with one log line each time, and gets all kept spans when it is back', async () => {
    const { clock, exporter, requests, sizes, warnings, reports } = setup({ maxQueueSize: 100 })
    exporter.setMode('throw')
    for (let ms = 0; ms < 10_000; ms += 100) {
      requests(1)
      await clock.advance(100)
    }
    // At 0.05, 1, 3 and 7 seconds. Spans that were refused before go in an export of their own.
    expect(sizes()).toEqual([1, 10, 1, 20, 11, 40, 31])
    expect(warnings).toHaveLength(4)
    exporter.setMode('microtask')
    await clock.advance(5000)
    expect(exporter.spans).toHaveLength(100)
    expect(new Set(exporter.spans.map((span) => span.spanContext().spanId)).size).toBe(100)
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { carriedOver: 0, failed: 0 } })
  })

  test('is tried again without another request', async () => {
    const { clock, exporter, requests } = setup()
    exporter.setMode('throw')
    requests(1)
    await clock.advance(100)
    exporter.setMode('microtask')
    await clock.advance(1000)
    expect(exporter.spans).toHaveLength(1)
  })

  test('has at most `maxQueueSize` spans kept for it, and each span that is given up is counted once', async () => {
    const { clock, exporter, requests, reports } = setup({ maxQueueSize: 20, maxBufferSize: 10 })
    exporter.setMode('throw')
    requests(50)
    await clock.advance(10_000)
    exporter.setMode('microtask')
    await clock.advance(10_000)
    expect(exporter.spans).toHaveLength(20)
    expect(reports.reduce((sum, { spans }) => sum + spans.failed, 0)).toBe(30)
  })

  test('that hangs is waited for by two flushes, then gets one batch at a time, and never more than may wait', async () => {
    const { clock, exporter, requests, sizes } = setup({ maxQueueSize: 20, maxBufferSize: 10 })
    exporter.hold()
    for (let n = 0; n < 300; n++) {
      requests(1)
      await clock.advance(100)
    }
    expect(sizes().length).toBeLessThanOrEqual(6)
    expect(Math.max(...sizes())).toBeLessThanOrEqual(10)
    // Exports that have hung this long are never answered.
    exporter.setMode('microtask')
    await clock.advance(10_000)
    expect(new Set(exporter.spans).size).toBe(exporter.spans.length)
    expect(exporter.spans.length).toBeGreaterThanOrEqual(20)
  })

  test('that answers late gets each request once, if the next flush sees the answer', async () => {
    const { clock, exporter, requests } = setup()
    exporter.hold()
    requests(1)
    await clock.advance(2500)
    exporter.acknowledge()
    exporter.setMode('microtask')
    requests(1)
    await clock.advance(10_000)
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([1, 1])
  })

  test('is not assumed if spans were too many or late: they delay no flush', async () => {
    const { clock, exporter, open, tracer, requests, sizes } = setup({ maxQueueSize: 10, maxBufferSize: 10 })
    requests(5)
    const begun = open()
    const left = context.with(begun.context, () => tracer.startSpan('goes on'))
    void begun.settle({ result: undefined })
    requests(20)
    await clock.tick()
    left.end()
    context.with(begun.context, () => tracer.startSpan('late')).end()
    requests(1)
    await clock.advance(500)
    expect(sizes()).toHaveLength(3)
    expect(exporter.spans.some(({ name }) => name === 'late')).toBe(true)
  })
})
