/** Exporters of the application that `otel().track()` watches: they work as before, and flushes wait for their answers. */
import { makeBatchProcessor, makeProvider } from '#sdk'
import { trace } from '@opentelemetry/api'
import { type FlushReport, currentInvocation, withTelemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'
import { report, watch } from './watched.ts'

beforeEach(newIsolate)

describe('a tracked exporter', () => {
  test('keeps its private fields, its other methods and its callers’ callbacks', async () => {
    class Exporter {
      #sent = 0
      export(items: unknown[], done: (result: { code: number }) => void) {
        this.#sent += items.length
        done({ code: 0 })
      }
      sent = () => this.#sent
      selectAggregationTemporality() {
        return this.#sent
      }
      set already(sent: number) {
        this.#sent = sent
      }
      async shutdown() {}
    }
    const tracked = otel().track(new Exporter())
    const done = vi.fn()
    tracked.already = 1
    tracked.export([1, 2], done)
    expect(done).toHaveBeenCalledWith({ code: 0 })
    expect([tracked.sent(), tracked.selectAggregationTemporality()]).toEqual([3, 3])
  })

  test('may be frozen', () => {
    const exporter = Object.freeze({ export: (_items: unknown[], done: (result: { code: number }) => void) => done({ code: 0 }), async shutdown() {} })
    const done = vi.fn()
    otel().track(exporter).export([], done)
    expect(done).toHaveBeenCalledOnce()
  })

  test('of another signal makes the exporters’ stage `delivered` when its export is answered', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    telemetry.track(exporter).export([], () => {})
    const run = withTelemetry(async () => {}, { telemetry, ...watch })()
    await new Promise((resolve) => setImmediate(resolve)) // the flush has begun
    exporter.acknowledge()
    await run
    expect(report?.stages.at(-1)).toMatchObject({ name: 'exporters', outcome: 'delivered' })
  })

  test('of another signal does not affect the counts of spans', async () => {
    const { exporter, telemetry } = pipeline()
    telemetry.track(inMemoryExporter<ReadableSpan>()).export([], () => {})
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(exporter.spans).toHaveLength(1)
    expect(report?.spans).toMatchObject({ acknowledged: 1, failed: 0, pending: 0 })
  })

  test('that loses its connection is not tried again: its caller gets the error', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    const done = vi.fn()
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    telemetry.track(exporter).export([makeProvider({}).getTracer('app').startSpan('span') as unknown as ReadableSpan], done)
    exporter.fail(lost)
    expect(done).toHaveBeenCalledWith({ code: 1, error: lost })
    expect(exporter.exports).toHaveLength(1)
  })

  test.each([
    ['throws', () => { throw new Error('no network') }],
    ['throws asynchronously', async () => { throw new Error('no network') }],
  ])('that %s does so for its caller, and is not waited for', async (what, send) => {
    const answered = vi.fn()
    const telemetry = otel({ tracerProvider: false })
    const tracked = telemetry.track({ export: send as (items: unknown, done: (result: { code: number }) => void) => void, shutdown: async () => {} })
    await expect(async () => tracked.export([makeProvider({}).getTracer('app').startSpan('span')], answered)).rejects.toThrow('no network')
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(report).toMatchObject({ outcome: 'failed', spans: { failed: 1, pending: 0 } })
    expect(report?.warnings.join()).toContain('not accepted: no network')
    // A caller that got the exception is not called back as well.
    expect(answered).toHaveBeenCalledTimes(what === 'throws' ? 0 : 1)
  })

  test('that never answers is given up after 30 seconds, and its spans count as failed', async () => {
    const clock = fakeClock()
    useClock(clock)
    const telemetry = otel({ tracerProvider: false })
    const tracked = telemetry.track(inMemoryExporter<ReadableSpan>({ mode: 'hold' }))
    tracked.export([makeProvider({}).getTracer('app').startSpan('span') as unknown as ReadableSpan], () => {})
    await clock.advance(30_001)
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    expect(report).toMatchObject({ outcome: 'failed', spans: { failed: 1, pending: 0 } })
    await handler()
    expect(report?.outcome).toBe('nothing_to_send')
  })

  test('that a flush has waited for in vain is waited for again only by a flush with spans of its own in it', async () => {
    const clock = fakeClock()
    useClock(clock)
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
    const outcomes: string[] = []
    const options = { telemetry, logger: false, onFlush: ({ outcome }: FlushReport) => void outcomes.push(outcome) } as const
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const roots: ReadableSpan[] = []
    const runs = gates.map(({ promise }) => withTelemetry(async () => {
      roots.push(currentInvocation()?.root as unknown as ReadableSpan)
      await promise
    }, options)())
    telemetry.track(exporter).export(roots, () => {})
    gates[0]?.resolve()
    await clock.advance(2000)
    await runs[0]
    await withTelemetry(async () => {}, options)()
    expect(outcomes).toEqual(['timed_out', 'nothing_to_send'])
    gates[1]?.resolve()
    await clock.advance(1000)
    exporter.acknowledge()
    await runs[1]
    expect(outcomes).toEqual(['timed_out', 'nothing_to_send', 'delivered'])
  })

  test('that refuses spans fails the flush of every invocation that waits for it, and counts them once', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    const spans = [makeProvider({}).getTracer('app').startSpan('span') as unknown as ReadableSpan]
    telemetry.track(exporter).export(spans, () => {})
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (it) => void reports.push(it) })
    const both = Promise.all([handler(), handler()])
    await new Promise((resolve) => setImmediate(resolve)) // both flushes have begun
    exporter.fail(new Error('503'))
    await both
    expect(reports.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
    expect(reports.map(({ spans }) => spans.failed)).toEqual([1, 0])
  })

  test('that fails has its error reported, and its spans count as failed: its processor has let go of them', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    const batches = makeBatchProcessor(telemetry.track(exporter), { maxExportBatchSize: 1 })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor, batches] }))
    const run = withTelemetry(async () => {}, { telemetry, ...watch })()
    if (exporter.inFlight === 0) await exporter.nextExport()
    exporter.fail(new Error('503'))
    await run
    expect(report).toMatchObject({ outcome: 'failed', spans: { acknowledged: 0, failed: 1 } })
    expect(report?.warnings.join()).toContain('not accepted: 503')
  })
})
