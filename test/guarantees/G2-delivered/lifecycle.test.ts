/** G2 Delivered is acknowledged, against the lifecycle. */
import { trace } from '@opentelemetry/api'
import { makeBatchProcessor, makeProvider } from '#sdk'
import { withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { otel } from 'flushed/otel'
import { inMemoryExporter } from 'flushed/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ReadableSpan, answering, newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

describe('an export that is under way when the handler returns', () => {
  test('is not waited for by `try/finally forceFlush()` with a batch processor: nothing is delivered', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const processor = makeBatchProcessor(exporter, { maxExportBatchSize: 1 })
    const provider = makeProvider({ spanProcessors: [processor] })
    const handler = async () => {
      try {
        provider.getTracer('app').startSpan('work').end()
        await Promise.resolve()
      } finally {
        await provider.forceFlush()
      }
    }
    await handler()
    expect(exporter.exports.map(({ state }) => state)).toEqual(['in_flight'])
    expect(exporter.spans).toEqual([])
    exporter.acknowledge()
  })

  test('is waited for by the wrap, which returns with everything delivered', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2 }, 'hold')
    let report: FlushReport | undefined
    const started = exporter.nextExport()
    const run = withTelemetry(
      async () => {
        for (const name of ['one', 'two']) tracer.startSpan(name).end()
        await started
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )()
    await started
    await exporter.nextExport() // the root's
    expect(exporter.exports.map(({ state }) => state)).toEqual(['in_flight', 'in_flight'])
    expect(report).toBeUndefined()
    exporter.acknowledge()
    await run
    expect(exporter.spans.map(({ name }) => name)).toEqual(['one', 'two', 'root'])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 3, pending: 0 } })
  })

  test('of the application’s own batch processor is waited for too, if its exporter is tracked', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel()
    const batches = makeBatchProcessor(telemetry.track(exporter), { maxExportBatchSize: 2 })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor, batches] }))
    const tracer = trace.getTracer('app')
    let report: FlushReport | undefined
    const started = exporter.nextExport()
    const run = withTelemetry(
      async () => {
        for (const name of ['one', 'two', 'three']) tracer.startSpan(name).end()
        tracer.startSpan('left')
        await started
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )()
    await started
    while (exporter.spans.length < 5) {
      expect(report).toBeUndefined()
      if (exporter.inFlight === 0) await exporter.nextExport()
      exporter.acknowledge(1)
    }
    await run
    expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['left', 'one', 'root', 'three', 'two'])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 5, endedByDispose: 1 } })
  })
})

describe('the outcome `delivered`', () => {
  test.each([
    ['a connection that was reset', new Error('socket hang up')],
    ['HTTP 503', Object.assign(new Error('Service Unavailable'), { code: 503 })],
    ['HTTP 400', Object.assign(new Error('Bad Request'), { code: 400 })],
  ])('is not reported after %s', async (_what, error) => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, onFlush: (r) => reports.push(r), logger: false })
    await answering(exporter, handler, () => exporter.fail(error))
    expect(reports[0]).toMatchObject({ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 1 } })
    expect(reports[0]?.stages.at(-1)?.error?.message).toContain(error.message)
  })

  test('is not reported when the exporter throws', async () => {
    const { telemetry } = pipeline({}, 'throw')
    let report: FlushReport | undefined
    await withTelemetry(async () => {}, { telemetry, onFlush: (r) => (report = r), logger: false })()
    expect(report).toMatchObject({ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 1 } })
  })

  test('is reported only when the slower of two exporters has acknowledged', async () => {
    const slow = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const { exporter: fast, telemetry } = pipeline({ exporters: [slow] })
    let report: FlushReport | undefined
    const given = slow.nextExport()
    const run = withTelemetry(async () => {}, { telemetry, onFlush: (r) => (report = r) })()
    await given
    await Promise.resolve()
    expect([fast.spans.length, slow.spans.length, report]).toEqual([1, 0, undefined])
    slow.acknowledge()
    await run
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1 } })
  })
})

describe('an exporter with its own buffer', () => {
  test('that acknowledges at once is flushed after it has been given the spans', async () => {
    const sent: string[] = []
    let buffer: ReadableSpan[] = []
    const exporter = {
      export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
        buffer.push(...spans)
        done({ code: 0 })
      },
      async forceFlush() {
        sent.push(...buffer.map(({ name }) => name))
        buffer = []
      },
      async shutdown() {},
    }
    const telemetry = otel({ exporter })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
    await withTelemetry(async () => {}, { telemetry, name: 'root' })()
    expect(sent).toEqual(['root'])
  })

  test('that acknowledges only on `forceFlush()` is flushed before its answer is waited for', async () => {
    const waiting: (() => void)[] = []
    const exporter = {
      export: (_spans: ReadableSpan[], done: (result: { code: number }) => void) =>
        void waiting.push(() => done({ code: 0 })),
      async forceFlush() {
        for (const send of waiting.splice(0)) setImmediate(send)
      },
      async shutdown() {},
    }
    const telemetry = otel({ exporter })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
    let report: FlushReport | undefined
    await withTelemetry(async () => {}, { telemetry, timeoutMs: 30_000, onFlush: (r) => (report = r) })()
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1 } })
  })
})

describe('spans that were not acknowledged', () => {
  test('go out with the next flush, in the same request as its own spans', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, onFlush: (r) => reports.push(r), logger: false })
    await answering(exporter, handler, () => exporter.fail())
    await answering(exporter, handler, () => exporter.acknowledge())
    expect(exporter.exports.map(({ spans, state }) => [spans.length, state])).toEqual([[1, 'failed'], [2, 'acknowledged']])
    expect(reports[1]).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, carriedOver: 0, failed: 0 } })
  })

  test('are sent exactly once by each flush, however often they fail', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => {}, { telemetry, logger: false })
    for (let i = 0; i < 5; i++) await answering(exporter, handler, () => exporter.fail())
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([1, 2, 3, 4, 5])
  })

  test('are given up and counted as failed when the backend refuses them twice; spans refused once are kept', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, onFlush: (r) => reports.push(r), logger: false })
    const refusal = Object.assign(new Error('Bad Request'), { code: 400 })
    await answering(exporter, handler, () => exporter.fail(refusal))
    await answering(exporter, handler, () => exporter.fail(refusal))
    await answering(exporter, handler, () => exporter.acknowledge())
    expect(reports.map(({ spans }) => [spans.acknowledged, spans.failed, spans.carriedOver])).toEqual([
      [0, 0, 1],
      [0, 1, 1],
      [2, 0, 0],
    ])
  })

  test('are kept up to `maxQueueSize`; beyond that the oldest are dropped, and each counts as failed', async () => {
    const { exporter, telemetry } = pipeline({ maxQueueSize: 3 }, 'hold')
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, onFlush: (r) => reports.push(r), logger: false })
    for (let i = 0; i < 10; i++) await answering(exporter, handler, () => exporter.fail())
    expect(reports.reduce((sum, { spans }) => sum + spans.failed, 0)).toBe(7)
    expect(reports.at(-1)?.spans.carriedOver).toBe(3)
  })
})
