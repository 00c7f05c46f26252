/** `otel()` beside other span processors and exporters, and spans whose resource is still being detected. */
import { makeProvider } from '#sdk'
import { trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'
import { report, watch } from './watched.ts'

beforeEach(newIsolate)

describe('two `otel()` behind one provider', () => {
  test.each([0, 1])('each see every span end: wraps with number %i do not take any for open', async (which) => {
    const exporters = [inMemoryExporter<ReadableSpan>(), inMemoryExporter<ReadableSpan>()]
    const both = exporters.map((exporter) => otel({ exporter }))
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: both.map(({ spanProcessor }) => spanProcessor) }))
    const handler = async () => void trace.getTracer('app').startSpan('child').end()
    await withTelemetry(handler, { telemetry: both[which], name: 'root', ...watch })()
    const sent = exporters[which]?.spans.map(({ name, attributes }) => [name, attributes['flushed.unfinished']])
    expect(sent).toEqual([['child', undefined], ['root', undefined]])
    expect(report?.spans).toMatchObject({ acknowledged: 2, endedByDispose: 0, late: 0 })
  })

  test('export two concurrent invocations separately', async () => {
    const exporter = inMemoryExporter<ReadableSpan>()
    const [first, second] = [otel({ exporter: inMemoryExporter<ReadableSpan>() }), otel({ exporter })]
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [first.spanProcessor, second.spanProcessor] }))
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const run = (name: string, until?: Promise<void>) =>
      withTelemetry(
        async () => {
          trace.getTracer('app').startSpan(`child of ${name}`).end()
          await until
        },
        { telemetry: second, name, ...watch },
      )()
    const slow = run('slow', gate)
    await run('quick')
    open()
    await slow
    const sent = exporter.exports.map(({ spans }) => spans.map(({ name }) => name))
    expect(sent).toEqual([['child of quick', 'quick'], ['child of slow', 'slow']])
  })
})

describe('another span processor', () => {
  test('may hand on frozen copies of spans', async () => {
    const exporter = inMemoryExporter<ReadableSpan>()
    const telemetry = otel({ exporter })
    const { spanProcessor } = telemetry
    const redacting = {
      onStart: spanProcessor.onStart.bind(spanProcessor),
      onEnd: (span: ReadableSpan) => spanProcessor.onEnd(Object.freeze(Object.assign(Object.create(Object.getPrototypeOf(span)), span))),
      forceFlush: () => spanProcessor.forceFlush(),
      shutdown: () => spanProcessor.shutdown(),
    }
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [redacting] }))
    expect(await withTelemetry(async () => trace.getTracer('app').startSpan('child').end() ?? 'result', { telemetry, name: 'root', ...watch })()).toBe('result')
    expect(exporter.spans.map(({ name }) => name)).toEqual(['child', 'root'])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, endedByDispose: 0 } })
  })
})

describe('several exporters', () => {
  test('are accounted for separately: one that fails gets its spans again, the other does not get them twice', async () => {
    const second = inMemoryExporter<ReadableSpan>({ mode: 'sync' })
    const { exporter: first, telemetry } = pipeline({ exporters: [second] }, 'throw')
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    expect(report).toMatchObject({ outcome: 'partial', spans: { acknowledged: 0, carriedOver: 1 } })
    first.setMode('sync')
    await handler()
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, carriedOver: 0 } })
    expect([first.spans.length, second.spans.length]).toEqual([2, 2])
  })
})

describe('a resource that is still being detected', () => {
  test('is waited for, so that the export has its attributes', async () => {
    const { exporter, telemetry } = pipeline({}, 'sync')
    const detected = Promise.withResolvers<void>()
    const span = {
      spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }),
      resource: { asyncAttributesPending: true, waitForAsyncAttributes: () => detected.promise },
    }
    telemetry.spanProcessor.onEnd(span)
    const run = withTelemetry(async () => {}, { telemetry, ...watch })()
    await new Promise((resolve) => setImmediate(resolve))
    expect(exporter.exports).toHaveLength(0)
    detected.resolve()
    await run
    expect(exporter.spans).toHaveLength(2)
  })

  test('is waited for up to five seconds, and not again after that', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry } = pipeline({}, 'sync')
    const resource = { asyncAttributesPending: true, waitForAsyncAttributes: () => new Promise<never>(() => {}) }
    const record = () => telemetry.spanProcessor.onEnd({ spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }), resource })
    record()
    const flushed = telemetry.spanProcessor.forceFlush()
    await clock.advance(4999)
    expect(exporter.spans).toHaveLength(0)
    await clock.advance(1)
    await flushed
    expect(exporter.spans).toHaveLength(1)
    record()
    await telemetry.spanProcessor.forceFlush()
    expect(exporter.spans).toHaveLength(2)
  })
})
