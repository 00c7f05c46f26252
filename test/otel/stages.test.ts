/** `otel()` among other stages: one flush, one report, and its spans are counted as if it were alone. */
import { span, stages, withTelemetry } from 'flushed'
import type { FlushReport, TelemetryInput } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { answering, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

async function invoke(telemetry: TelemetryInput): Promise<FlushReport> {
  let report: FlushReport | undefined
  const work = async () => void span('charge')
  await withTelemetry(work, { telemetry, name: 'order', onFlush: (told) => (report = told), logger: false })()
  return report as FlushReport
}

describe.each([
  ['stages(vendor, telemetry)', (vendor: () => void, telemetry: ReturnType<typeof pipeline>['telemetry']) => stages(vendor, telemetry)],
  ['[vendor, telemetry]', (vendor: () => void, telemetry: ReturnType<typeof pipeline>['telemetry']) => [vendor, telemetry]],
] as const)('%s', (_title, together) => {
  test('flushes the vendor first, then `otel()`', async () => {
    const { telemetry, exporter } = pipeline()
    const vendor = vi.fn(() => expect(exporter.spans).toEqual([]))
    const report = await invoke(together(vendor, telemetry))
    expect(vendor).toHaveBeenCalledOnce()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['charge', 'order'])
    expect(report.stages.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['stage 1', 'delivered'],
      ['buffers', 'nothing_to_send'],
      ['exporters', 'delivered'],
    ])
    expect(report.spans).toMatchObject({ acknowledged: 2, endedByDispose: 1, pending: 0 })
  })

  test('keeps what was not acknowledged for the next flush', async () => {
    const { telemetry, exporter } = pipeline({}, 'hold')
    const both = together(() => {}, telemetry)
    const refused = await answering(exporter, () => invoke(both), () => exporter.fail())
    expect(refused.spans).toMatchObject({ acknowledged: 0, carriedOver: 2 })
    const accepted = await answering(exporter, () => invoke(both), () => exporter.acknowledge())
    expect(accepted.spans).toMatchObject({ acknowledged: 4, carriedOver: 0 })
  })
})

test('two concurrent invocations each flush their own spans', async () => {
  const { telemetry, exporter } = pipeline()
  const options = { telemetry: stages(() => {}, telemetry), logger: false } as const
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const slow = withTelemetry(async () => (span('slow child').end(), released), { ...options, name: 'slow' })()
  await withTelemetry(async () => {}, { ...options, name: 'fast' })()
  expect(exporter.spans.map(({ name }) => name)).toEqual(['fast'])
  release()
  await slow
  expect(exporter.spans.map(({ name }) => name)).toEqual(['fast', 'slow child', 'slow'])
})

test('a vendor that hangs leaves the network its share of the deadline', async () => {
  const clock = fakeClock()
  useClock(clock)
  const { telemetry } = pipeline()
  const run = invoke(stages(() => new Promise(() => {}), telemetry))
  for (let n = 0; n < 10; n++) await clock.advance(250)
  const report = await run
  expect(report.stages.map(({ outcome }) => outcome)).toEqual(['timed_out', 'nothing_to_send', 'delivered'])
  expect(report.spans.acknowledged).toBe(2)
  expect(report.outcome).toBe('partial')
})

test('`cascade: false` flushes all stages of an `otel()` that comes first', async () => {
  const { telemetry, exporter } = pipeline()
  const vendor = vi.fn()
  const report = await invoke(stages(telemetry, vendor, { cascade: false }))
  expect(exporter.spans).toHaveLength(2)
  expect(report.spans.acknowledged).toBe(2)
  expect(vendor).not.toHaveBeenCalled()
})
