/**
 * A vendor's bundle (a fake) with two buffers, one behind the other, on Node: what its own flush leaves unsent, and how
 * `stages` sends it. On real workerd: test/platforms/workers/double-buffer.test.ts.
 */
import { stages, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { stopped } from '../../src/core/errors.ts'
import { shutdown } from '../../src/core/early.ts'
import { newIsolate } from '../support/sdk.ts'
import { endpoint } from '../support/endpoint.ts'
import { type Item, createMonitoring } from '../support/monitoring.ts'

beforeEach(newIsolate)

async function vendor() {
  const backend = await endpoint()
  const monitoring = createMonitoring({ endpoint: backend.url })
  const { tracer, metrics } = monitoring
  /** What an invocation records: three items. */
  const work = async () => {
    const span = tracer.startSpan('order')
    tracer.startSpan('charge').end()
    metrics.count('orders')
    span.end()
  }
  /** The number of items in each request that has reached the backend. */
  const arrived = () => backend.received.map(({ text }) => (JSON.parse(text) as Item[]).length)
  return { ...monitoring, backend, work, arrived }
}

async function times(count: number, run: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n++) await run()
}

describe('a low-volume isolate, which sees 5 invocations', () => {
  test('loses everything with `ctx.waitUntil(tracer.flush())` alone', async () => {
    const { tracer, metrics, work, arrived } = await vendor()
    await times(5, async () => {
      await work()
      // The runtime keeps the isolate alive for this.
      await Promise.all([tracer.flush(), metrics.flush()])
    })
    expect(arrived()).toEqual([])
  })

  test('delivers each invocation before it is over, in one request, with `stages`', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    const handler = withTelemetry(work, { telemetry: stages([tracer, metrics], exporter) })
    await times(5, handler)
    expect(arrived()).toEqual([3, 3, 3, 3, 3])
  })

  test('delivers each invocation before it is over with the array form, too', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    await times(5, withTelemetry(work, { telemetry: [[tracer, metrics], exporter] }))
    expect(arrived()).toEqual([3, 3, 3, 3, 3])
  })

  test('delivers each invocation one too late with the stages in the wrong order', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    await times(5, withTelemetry(work, { telemetry: stages(exporter, [tracer, metrics]) }))
    expect(arrived()).toEqual([3, 3, 3, 3])
  })

  test('loses everything with `cascade: false`', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    await times(5, withTelemetry(work, { telemetry: stages([tracer, metrics], exporter, { cascade: false }) }))
    expect(arrived()).toEqual([])
  })
})

describe('a long-lived process with `cascade: false`', () => {
  test('sends only full batches', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    await times(70, withTelemetry(work, { telemetry: stages([tracer, metrics], exporter, { cascade: false }) }))
    expect(arrived()).toEqual([100, 100])
  })

  test('sends the rest when the platform announces its end', async () => {
    const { tracer, metrics, exporter, work, arrived } = await vendor()
    const telemetry = stages([tracer, metrics], exporter, { cascade: false })
    const reports: FlushReport[] = []
    const options = { telemetry, onFlush: (report: FlushReport) => void reports.push(report), logger: false } as const
    await times(5, withTelemetry(work, options))
    const stuck = withTelemetry(async () => {
      await work()
      await new Promise(() => {})
    }, options)
    void stuck()
    await new Promise(setImmediate)
    await shutdown([], stopped('SIGTERM'), 1000)
    expect(arrived()).toEqual([18])
    expect(reports.map(({ phase, stages }) => [phase, ...stages.map(({ outcome }) => outcome)])).toEqual([
      ...Array.from({ length: 5 }, () => ['before-response', 'delivered', 'nothing_to_send']),
      ['shutdown', 'delivered', 'delivered'],
    ])
  })
})

test('a backend that hangs is reported by stage, within the deadline', async () => {
  const { tracer, metrics, exporter, work, backend } = await vendor()
  backend.hang()
  let report: FlushReport | undefined
  const telemetry = stages([tracer, metrics], exporter)
  await withTelemetry(work, { telemetry, timeoutMs: 1000, onFlush: (told) => (report = told), logger: false })()
  expect(report?.stages.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['stage 1', 'delivered'],
    ['stage 2', 'timed_out'],
  ])
  expect(report?.durationMs).toBeLessThan(2000)
  expect(report?.warnings).toEqual([expect.stringMatching(/^stage "stage 2": ThresholdExporter timed out after 1\d\d\d ms$/)])
})
