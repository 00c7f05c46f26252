import { diag, SpanKind, SpanStatusCode, TraceFlags, trace, ROOT_CONTEXT } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { inMemoryExporter, startCollector } from 'flushed/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

/** A parent, and a child that has everything a span can have. */
function finishedSpans(): readonly ReadableSpan[] {
  const exporter = inMemoryExporter<ReadableSpan>()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const tracer = provider.getTracer('orders', '1.2.3')
  const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER })
  const linked = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED }
  const child = tracer.startSpan(
    'child',
    {
      kind: SpanKind.CLIENT,
      startTime: [1_700_000_000, 123_456_789],
      attributes: { text: 'é', flag: false, whole: 42, part: 0.5, many: ['a', 'b'], large: 2 ** 52 },
      links: [{ context: linked, attributes: { why: 'because' } }],
    },
    trace.setSpan(ROOT_CONTEXT, parent),
  )
  child.addEvent('retry', { attempt: 2 }, [1_700_000_000, 200_000_000])
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' })
  child.end([1_700_000_001, 1])
  parent.end()
  return exporter.spans
}

const exported = (exporter: JsonExporter | ProtobufExporter, spans: readonly ReadableSpan[]) =>
  new Promise<{ code: number; error?: Error }>((resolve) => exporter.export([...spans], resolve))

describe('the collector, with the real exporters,', () => {
  test.each([
    ['JSON', JsonExporter, 'json'],
    ['protobuf', ProtobufExporter, 'protobuf'],
  ] as const)('reads every part of a span in %s', async (_name, Exporter, encoding) => {
    await using collector = await startCollector()
    const spans = finishedSpans()
    const [child, parent] = spans
    expect(await exported(new Exporter({ url: `${collector.url}/v1/traces` }), spans)).toEqual({ code: 0 })
    expect(collector.requests).toMatchObject([{ signal: 'traces', encoding, status: 200, acknowledged: true }])
    expect(collector.spans[0]).toEqual({
      ...child?.spanContext(),
      traceFlags: undefined,
      parentSpanId: parent?.spanContext().spanId,
      name: 'child',
      kind: 'client',
      startTimeUnixNano: 1_700_000_000_123_456_789n,
      endTimeUnixNano: 1_700_000_001_000_000_001n,
      attributes: { text: 'é', flag: false, whole: 42, part: 0.5, many: ['a', 'b'], large: 2 ** 52 },
      events: [{ name: 'retry', timeUnixNano: 1_700_000_000_200_000_000n, attributes: { attempt: 2 } }],
      links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: { why: 'because' } }],
      status: { code: 'error', message: 'refused' },
      resource: expect.objectContaining({ 'service.name': expect.any(String) }),
      scope: { name: 'orders', version: '1.2.3' },
    })
    expect(collector.spans[1]).toMatchObject({ name: 'parent', kind: 'server', status: { code: 'unset' } })
    expect(collector.spans[1]).not.toHaveProperty('parentSpanId')
  })

  test('reads the same spans from both encodings, gzipped or not', async () => {
    await using collector = await startCollector()
    const spans = finishedSpans()
    const url = `${collector.url}/v1/traces`
    const settings = [{ url }, { url, compression: 'gzip' as never }]
    for (const options of settings) {
      await exported(new JsonExporter(options), spans)
      await exported(new ProtobufExporter(options), spans)
    }
    expect(collector.requests.map(({ encoding, compressed }) => `${encoding} ${compressed}`)).toEqual([
      'json false',
      'protobuf false',
      'json true',
      'protobuf true',
    ])
    const [first, ...others] = collector.requests.map((request) => request.spans)
    for (const other of others) expect(other).toEqual(first)
    expect(collector.acknowledged(first?.[0]?.traceId)).toHaveLength(8)
  })

  test('reads metrics', async () => {
    await using collector = await startCollector()
    const exporter = new OTLPMetricExporter({ url: `${collector.url}/v1/metrics` })
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
    const provider = new MeterProvider({ readers: [reader] })
    const meter = provider.getMeter('orders')
    meter.createCounter('orders', { unit: '1' }).add(3, { country: 'ch' })
    meter.createHistogram('latency').record(12.5)
    await provider.forceFlush()
    expect(collector.metrics).toMatchObject([
      { name: 'orders', unit: '1', type: 'sum', points: [{ attributes: { country: 'ch' }, value: 3 }], scope: { name: 'orders' } },
      { name: 'latency', type: 'histogram', points: [{ count: 1, sum: 12.5 }] },
    ])
    await provider.shutdown()
  })

  test.each([
    ['JSON', JsonExporter],
    ['protobuf', ProtobufExporter],
  ] as const)('is understood when it refuses a request, in %s', async (_name, Exporter) => {
    await using collector = await startCollector({ behavior: { status: 400, message: 'no such tenant' } })
    const { code, error } = await exported(new Exporter({ url: `${collector.url}/v1/traces` }), finishedSpans())
    expect(code).toBe(1)
    expect(error).toMatchObject({ code: 400 })
    expect(collector).toMatchObject({ spans: [], received: [{}, {}] })
  })

  test.each([
    ['a partial success', 'JSON', JsonExporter, 1],
    ['a partial success', 'protobuf', ProtobufExporter, 1],
    ['a warning', 'JSON', JsonExporter, 0],
    ['a warning', 'protobuf', ProtobufExporter, 0],
  ] as const)('is understood when it answers with %s, in %s', async (_what, _name, Exporter, partialSuccess) => {
    await using collector = await startCollector({ behavior: { partialSuccess, message: 'deprecated field' } })
    const warn = vi.fn()
    diag.setLogger({ error() {}, warn, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
    onTestFinished(() => diag.disable())
    expect(await exported(new Exporter({ url: `${collector.url}/v1/traces` }), finishedSpans())).toEqual({ code: 0 })
    expect(warn.mock.calls).toEqual([['Received Partial Success response:', expect.stringContaining('deprecated field')]])
    expect(collector).toMatchObject({ requests: [{ rejected: partialSuccess }], spans: { length: 2 - partialSuccess } })
  })
})
