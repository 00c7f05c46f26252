/** Metrics and logs within the same deadline, and providers that the application uses itself. */
import { makeBatchProcessor, makeProvider } from '#sdk'
import * as api from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'
import { report, watch } from './watched.ts'

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
