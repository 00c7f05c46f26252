/** What happens when too many spans wait, or too many flushes at once. */
import { sdkVersion } from '#sdk'
import { type FlushReport, withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe(`with SDK ${sdkVersion}`, () => {
  test('exports of full batches stop at `maxQueueSize` unanswered spans; spans that do not fit count as failed', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2, maxQueueSize: 4 }, 'hold')
    let report: FlushReport | undefined
    const exported = exporter.nextExport()
    const run = withTelemetry(
      async () => {
        for (let i = 0; i < 20; i++) tracer.startSpan(`${i}`).end()
      },
      { telemetry, onFlush: (r) => (report = r), logger: false },
    )()
    await exported
    expect(exporter.exports.slice(0, 2).map(({ spans }) => spans.length)).toEqual([2, 2])
    await vi.waitFor(() => expect(exporter.exports).toHaveLength(4))
    exporter.acknowledge()
    await run
    expect(exporter.spans.at(-1)?.name).toBe('invocation')
    expect(report?.spans).toMatchObject({ acknowledged: 8, failed: 13 })
    expect(report?.outcome).toBe('partial')
  })

  test('exports at `flushIntervalMs` stop at `maxQueueSize` unanswered spans; others wait, or count as failed', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry, tracer } = pipeline({ flushIntervalMs: 100, maxBufferSize: 4, maxQueueSize: 4 }, 'hold')
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    let report: FlushReport | undefined
    const run = withTelemetry(
      async () => {
        for (let i = 0; i < 10; i++) {
          tracer.startSpan(`${i}`).end()
          await clock.advance(100)
        }
        expect(exporter.exports).toHaveLength(4)
        exporter.acknowledge()
        await clock.advance(100)
        expect(exporter.exports).toHaveLength(5)
        exporter.acknowledge()
        await gate
      },
      { telemetry, onFlush: (r) => (report = r), logger: false },
    )()
    open()
    await vi.waitFor(() => expect(exporter.exports).toHaveLength(6))
    exporter.acknowledge()
    await run
    expect(report?.spans).toMatchObject({ acknowledged: 9, failed: 2 })
  })

  describe('more flushes at once than an exporter gets requests', () => {
    const ANSWERED_AT_ONCE = 20

    test('wait for their turn, and all are delivered', async () => {
      const { exporter, telemetry } = pipeline({}, 'hold')
      const reports: FlushReport[] = []
      const handler = withTelemetry(async () => {}, { telemetry, onFlush: (report) => reports.push(report) })
      const runs = Array.from({ length: 3 * ANSWERED_AT_ONCE }, () => handler())
      while (exporter.inFlight < ANSWERED_AT_ONCE) await exporter.nextExport()
      for (let left = runs.length; left > 0; left--) {
        expect(exporter.inFlight).toBe(Math.min(ANSWERED_AT_ONCE, left))
        exporter.acknowledge(1)
      }
      await Promise.all(runs)
      expect(reports.every(({ outcome }) => outcome === 'delivered')).toBe(true)
      expect(exporter.spans).toHaveLength(runs.length)

      exporter.setMode('sync')
      await handler()
      expect(exporter.spans).toHaveLength(runs.length + 1)
    })

    test('end at their deadline, and their spans go out once, with the next flush', async () => {
      const clock = fakeClock()
      useClock(clock)
      const { exporter, telemetry } = pipeline({}, 'hold')
      const reports: FlushReport[] = []
      const handler = withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })
      const runs = Array.from({ length: ANSWERED_AT_ONCE + 5 }, () => handler())
      await exporter.nextExport()
      await clock.advance(2000)
      await Promise.all(runs)
      expect(exporter.exports).toHaveLength(ANSWERED_AT_ONCE)
      expect(reports.every(({ spans }) => spans.pending === 1)).toBe(true)

      exporter.setMode('microtask')
      await handler()
      expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: ANSWERED_AT_ONCE + 6, pending: 0 } })
      exporter.acknowledge()
      expect(exporter.exports).toHaveLength(ANSWERED_AT_ONCE + 1)

      exporter.hold()
      const more = Array.from({ length: ANSWERED_AT_ONCE + 5 }, () => handler())
      await exporter.nextExport()
      await clock.tick()
      expect(exporter.inFlight).toBe(ANSWERED_AT_ONCE)
      exporter.setMode('microtask')
      exporter.acknowledge()
      await Promise.all(more)
    })
  })
})
