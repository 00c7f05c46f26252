import { inMemoryExporter } from 'flushed/testing'
import type { ExportOutcome } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

const span = (name: string) => ({ name, spanContext: () => ({ traceId: 't', spanId: name }) })

function exporting(exporter: ReturnType<typeof inMemoryExporter>, ...names: string[]) {
  const outcomes: ExportOutcome[] = []
  for (const name of names) exporter.export([span(name)], (outcome) => outcomes.push(outcome))
  return outcomes
}

describe('inMemoryExporter', () => {
  test('acknowledges by itself, before export returns', () => {
    const exporter = inMemoryExporter()
    expect(exporting(exporter, 'a')).toEqual([{ code: 0 }])
    expect(exporter.spans.map(({ name }) => name)).toEqual(['a'])
    expect(exporter.exports).toMatchObject([{ state: 'acknowledged' }])
  })

  test('acknowledges in a microtask, if asked to', async () => {
    const outcomes = exporting(inMemoryExporter({ mode: 'microtask' }), 'a')
    expect(outcomes).toEqual([])
    await Promise.resolve()
    expect(outcomes).toEqual([{ code: 0 }])
  })

  test('holds exports until they are acknowledged or failed, oldest first', () => {
    const exporter = inMemoryExporter()
    exporter.hold()
    const outcomes = exporting(exporter, 'a', 'b', 'c')
    expect(exporter.inFlight).toBe(3)
    exporter.acknowledge(1)
    exporter.fail(new Error('503'), 1)
    exporter.acknowledge()
    expect(outcomes).toEqual([{ code: 0 }, { code: 1, error: new Error('503') }, { code: 0 }])
    expect(exporter.exports.map(({ state }) => state)).toEqual(['acknowledged', 'failed', 'acknowledged'])
    expect(exporter.spans.map(({ name }) => name)).toEqual(['a', 'c'])
  })

  test('waits for exports in flight in forceFlush and in shutdown, and fails exports after that', async () => {
    const exporter = inMemoryExporter({ mode: 'hold' })
    exporting(exporter, 'a')
    const done: string[] = []
    const flush = exporter.forceFlush().then(() => done.push('flush'))
    const shutdown = exporter.shutdown().then(() => done.push('shutdown'))
    await Promise.resolve()
    expect(done).toEqual([])
    exporter.acknowledge()
    await Promise.all([flush, shutdown])
    expect(done).toEqual(['flush', 'shutdown'])
    expect(exporting(exporter, 'b')[0]).toMatchObject({ code: 1 })
  })

  test('throws from export, if asked to', () => {
    const exporter = inMemoryExporter({ mode: 'throw' })
    expect(() => exporting(exporter, 'a')).toThrow('as the test asked for')
    expect(exporter.inFlight).toBe(0)
    exporter.setMode('sync')
    expect(exporting(exporter, 'b')).toEqual([{ code: 0 }])
  })

  test('refuses an unknown mode and an unknown option', () => {
    const message = "option `mode` must be 'sync' or 'microtask' or 'hold' or 'throw', got \"holds\""
    expect(() => inMemoryExporter({ mode: 'holds' as 'hold' })).toThrow(message)
    expect(() => inMemoryExporter().setMode('holds' as 'hold')).toThrow(message)
    expect(() => inMemoryExporter({ mod: 'hold' } as object)).toThrow('unknown option `mod`; the options are `mode`')
  })

  test('is a SpanExporter, and can be asked for the next export', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
    const next = exporter.nextExport()
    provider.getTracer('test').startSpan('work').end()
    const flushed = provider.forceFlush()
    expect((await next).spans.map(({ name }) => name)).toEqual(['work'])
    exporter.acknowledge()
    await flushed
    expect(exporter.spans).toHaveLength(1)
    await provider.shutdown()
  })
})
