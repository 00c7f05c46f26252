/** Metrics and logs within the same deadline, and providers and exporters that the application uses itself. */
import { makeBatchProcessor, makeProvider } from '#sdk'
import * as api from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'

const { metrics, trace } = api
const SEPARATE_LOGS = Symbol.for('io.opentelemetry.js.api.logs')

beforeEach(() => {
  newIsolate()
  metrics.disable()
  if ('logs' in api) api.logs.disable()
  Reflect.deleteProperty(globalThis, SEPARATE_LOGS)
})

/** API 1.10 includes logs. Before that, logs had a package, and a global, of their own. */
function registerLogs(provider: api.LoggerProvider): void {
  if ('logs' in api) return void api.logs.setGlobalLoggerProvider(provider)
  Object.assign(globalThis, { [SEPARATE_LOGS]: () => provider })
}

let report: FlushReport | undefined
const watch = { onFlush: (r: FlushReport) => void (report = r), logger: false } as const
const provider = (forceFlush: () => unknown) => ({ forceFlush: vi.fn((_options?: object) => forceFlush()) })

describe('metrics and logs', () => {
  test('are flushed with the traces', async () => {
    useClock(fakeClock())
    const [meterProvider, loggerProvider] = [provider(async () => {}), provider(async () => {})]
    const { exporter, telemetry } = pipeline({ meterProvider, loggerProvider })
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    // The whole deadline: a provider that gave up at its share of it would lose what there was still time for.
    for (const { forceFlush } of [meterProvider, loggerProvider]) expect(forceFlush.mock.calls).toEqual([[{ timeoutMillis: 2050 }]])
    expect(exporter.spans).toHaveLength(1)
    expect(report?.outcome).toBe('delivered')
  })

  test.each([
    ['throws', () => { throw new Error('no metrics') }, 'meterProvider failed: no metrics'],
    ['rejects', () => Promise.reject(new Error('no metrics')), 'meterProvider failed: no metrics'],
    ['rejects as OpenTelemetry does', () => Promise.reject([new Error('one'), new Error('two')]), 'meterProvider failed: one; two'],
    ['hangs', () => new Promise(() => {}), 'meterProvider timed out after 400 ms'],
  ] as const)('one provider that %s does not stop the others, and the report names it', async (_what, forceFlush, warning) => {
    const clock = fakeClock()
    useClock(clock)
    const [meterProvider, loggerProvider] = [provider(forceFlush), provider(async () => {})]
    const { exporter, telemetry } = pipeline({ meterProvider, loggerProvider })
    const run = withTelemetry(async () => 'result', { telemetry, timeoutMs: 400, ...watch })()
    await clock.advance(400)
    expect(await run).toBe('result')
    expect(loggerProvider.forceFlush).toHaveBeenCalledOnce()
    expect(exporter.spans).toHaveLength(1)
    expect(report).toMatchObject({ outcome: 'partial', spans: { acknowledged: 1 } })
    expect(report?.warnings).toEqual([`stage "buffers": ${warning}`])
  })

  test('are not flushed with `meterProvider: false` and `loggerProvider: false`', async () => {
    const flush = vi.fn(async () => {})
    metrics.setGlobalMeterProvider({ ...metrics.getMeterProvider(), forceFlush: flush } as never)
    const { telemetry } = pipeline({ meterProvider: false, loggerProvider: false })
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(flush).not.toHaveBeenCalled()
  })
})

describe('without options', () => {
  test('the global providers of traces, metrics and logs are flushed', async () => {
    const flushed: string[] = []
    const stub = (name: string) => ({ forceFlush: async () => void flushed.push(name), getTracer }) as never
    const getTracer = () => makeProvider({}).getTracer('app')
    trace.setGlobalTracerProvider(stub('traces'))
    metrics.setGlobalMeterProvider(stub('metrics'))
    registerLogs(stub('logs'))
    await withTelemetry(async () => {}, watch)()
    expect(flushed.toSorted()).toEqual(['logs', 'metrics', 'traces'])
  })

  test('a batch processor behind the global provider is flushed, including spans that were left open', async () => {
    const exporter = inMemoryExporter<ReadableSpan>()
    const telemetry = otel()
    const spanProcessors = [telemetry.spanProcessor, makeBatchProcessor(exporter)]
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors }))
    await withTelemetry(async () => void trace.getTracer('app').startSpan('left'), { name: 'root', ...watch })()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['left', 'root'])
  })

  test('spans of an `otel()` that the wrap was not given still go out, through its provider', async () => {
    const { exporter } = pipeline()
    await withTelemetry(async () => void trace.getTracer('app').startSpan('left'), { name: 'root', ...watch })()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['left', 'root'])
    expect(report?.outcome).toBe('delivered')
  })
})

describe('a provider that hangs', () => {
  test('is reported as timed out, whatever its own timer says', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [makeBatchProcessor(exporter)] }))
    await withTelemetry(async () => {}, { timeoutMs: 50, ...watch })()
    expect(report).toMatchObject({ outcome: 'timed_out', stages: [{ name: 'providers', error: { code: 'FLUSHED_TIMEOUT' } }] })
  })
})

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

describe('a tracer provider that is not global', () => {
  test('makes the root span if it is given, and its other processors are flushed too', async () => {
    const [own, other] = [inMemoryExporter<ReadableSpan>(), inMemoryExporter<ReadableSpan>()]
    const telemetry = otel({
      exporter: own,
      tracerProvider: { forceFlush: () => provider.forceFlush(), getTracer: (name) => provider.getTracer(name) },
    })
    const provider: ReturnType<typeof makeProvider> = makeProvider({ spanProcessors: [telemetry.spanProcessor, makeBatchProcessor(other)] })
    await withTelemetry(async () => {}, { telemetry, name: 'root', ...watch })()
    expect([own, other].map(({ spans }) => spans.map(({ name }) => name))).toEqual([['root'], ['root']])
    expect(own.exports).toHaveLength(1)
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
