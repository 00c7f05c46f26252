/** Concurrent invocations: each accounts for its own spans, whatever became of them before its flush. */
import { withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { beforeEach, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

/** Starts an invocation that records spans, and ends it when `end` is called. */
function begin({ telemetry, tracer }: ReturnType<typeof pipeline>, name: string, children: number) {
  const { promise: gate, resolve: end } = Promise.withResolvers<void>()
  const reports: FlushReport[] = []
  const run = withTelemetry(
    async () => {
      for (let child = 0; child < children; child++) tracer.startSpan(`${name}'s`).end()
      await gate
    },
    { telemetry, name, logger: false, onFlush: (report) => reports.push(report) },
  )()
  return {
    reports,
    end: () => {
      end()
      return run
    },
  }
}

test('spans refused before their invocation’s flush are sent again with that flush, not with another’s', async () => {
  const its = pipeline({ maxBufferSize: 1 }, 'throw')
  const slow = begin(its, 'slow', 1)
  its.exporter.setMode('sync')
  const quick = begin(its, 'quick', 0)
  await quick.end()
  await slow.end()
  expect(its.exporter.spans.map(({ name }) => name)).toEqual(['quick', 'slow', "slow's"])
  expect(quick.reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 1 } }])
  expect(slow.reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 2 } }])
})

test('spans that found no room are reported as failed by their own invocation', async () => {
  const its = pipeline({ maxBufferSize: 2, maxQueueSize: 2 }, 'hold')
  const crowded = begin(its, 'crowded', 6)
  const other = begin(its, 'other', 0)
  its.exporter.setMode('sync')
  await other.end()
  expect(other.reports).toMatchObject([{ outcome: 'delivered', spans: { failed: 0 } }])
  its.exporter.acknowledge()
  await crowded.end()
  expect(crowded.reports).toMatchObject([{ outcome: 'partial', spans: { acknowledged: 4, failed: 3 } }])
})

test('a flush that goes through the provider does not wait for other invocations’ exports', async () => {
  const its = pipeline({ tracerProvider: { forceFlush: () => its.provider.forceFlush() } as never }, 'hold')
  const slow = begin(its, 'slow', 1)
  const exported = its.exporter.nextExport()
  const over = slow.end()
  await exported
  its.exporter.setMode('sync')
  const quick = begin(its, 'quick', 1)
  await quick.end()
  expect([slow.reports, quick.reports]).toMatchObject([[], [{ outcome: 'delivered' }]])
  its.exporter.acknowledge()
  await over
})

test('spans refused for good are reported by their own invocation, even if another one’s flush ends first', async () => {
  const its = pipeline({ maxBufferSize: 1 }, 'hold')
  const refuse = () => its.exporter.fail(Object.assign(new Error('Bad Request'), { code: 400 }))
  const { promise: gate, resolve: end } = Promise.withResolvers<void>()
  const reports: FlushReport[] = []
  const run = withTelemetry(
    async () => {
      its.tracer.startSpan('refused').end()
      refuse()
      const again = its.provider.forceFlush()
      refuse()
      await again.catch(() => {})
      await gate
    },
    { telemetry: its.telemetry, logger: false, onFlush: (report) => reports.push(report) },
  )()
  its.exporter.setMode('sync')
  const quick = begin(its, 'quick', 0)
  await quick.end()
  expect(quick.reports).toMatchObject([{ outcome: 'delivered', spans: { failed: 0 } }])
  end()
  await run
  expect(reports).toMatchObject([{ outcome: 'partial', spans: { acknowledged: 1, failed: 1 } }])
})
