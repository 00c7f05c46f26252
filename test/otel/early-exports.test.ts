/** Spans that are sent before their invocation's flush: when a batch is full, or when they have waited long enough. */
import { sdkVersion } from '#sdk'
import { type Context, SpanKind } from '@opentelemetry/api'
import { type FlushReport, withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { leave } from '../../src/core/finish.ts'
import { invoke } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Lifetime } from '../../src/core/platform.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

const describeRoot = (_args: unknown, parent: Context) => ({ name: 'root', kind: SpanKind.SERVER, attributes: {}, links: [], parent })

beforeEach(newIsolate)
afterEach(() => vi.unstubAllEnvs())

describe(`with SDK ${sdkVersion}`, () => {
  test('`maxBufferSize` finished spans are exported at once, and the flush sends only the rest', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2 })
    let report: FlushReport | undefined
    await withTelemetry(async () => {
      for (let i = 0; i < 5; i++) tracer.startSpan(`${i}`).end()
    }, { telemetry, onFlush: (r) => (report = r) })()
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([2, 2, 2])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 6 } })
  })

  test('`maxBufferSize` is 512 by default, as in OpenTelemetry, or what its environment variable says', async () => {
    const burst = async () => {
      const { exporter, telemetry, tracer } = pipeline()
      await withTelemetry(async () => {
        for (let i = 0; i < 600; i++) tracer.startSpan('burst').end()
      }, { telemetry })()
      return exporter.exports.map(({ spans }) => spans.length)
    }
    expect(await burst()).toEqual([512, 89])
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '300')
    expect(await burst()).toEqual([300, 300, 1])
  })

  test('a burst of which the stock batch processor drops a third is delivered whole', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(async () => {
      for (let i = 0; i < 3000; i++) tracer.startSpan('burst').end()
    }, { telemetry })()
    expect(exporter.spans).toHaveLength(3001)
  })

  test('spans that have waited for `flushIntervalMs` in a running handler are exported', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry, tracer } = pipeline({ flushIntervalMs: 1000 })
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const run = withTelemetry(
      async () => {
        tracer.startSpan('early').end()
        await gate
      },
      { telemetry, name: 'root' },
    )()
    await clock.advance(999)
    expect(exporter.exports).toHaveLength(0)
    await clock.advance(1)
    expect(exporter.spans.map(({ name }) => name)).toEqual(['early'])
    open()
    await run
    expect(exporter.spans.map(({ name }) => name)).toEqual(['early', 'root'])
  })

  test('`flushIntervalMs` is the spans’ own age: an earlier invocation’s timer does not split the next export', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry, tracer } = pipeline({ flushIntervalMs: 1000 })
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const handler = withTelemetry(
      async (wait: boolean) => {
        tracer.startSpan('child').end()
        if (wait) await gate
      },
      { telemetry },
    )
    await handler(false)
    await clock.advance(900)
    const run = handler(true)
    await clock.advance(900)
    open()
    await run
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([2, 2])
  })

  test('a `flushIntervalMs` longer than timers can count is not taken for zero', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { exporter, telemetry, tracer } = pipeline({ flushIntervalMs: 3e9 })
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const run = withTelemetry(
      async () => {
        tracer.startSpan('early').end()
        const looking = vi.spyOn(globalThis, 'setTimeout')
        await vi.advanceTimersByTimeAsync(1000)
        expect(looking.mock.calls.length).toBe(0)
        await gate
      },
      { telemetry },
    )()
    open()
    await run
    expect(exporter.exports).toHaveLength(1)
  })

  test('an early export that fails is sent again by the flush, and only that attempt counts', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2 }, 'hold')
    let report: FlushReport | undefined
    const exported = exporter.nextExport()
    const run = withTelemetry(
      async () => {
        for (const name of ['one', 'two']) tracer.startSpan(name).end()
        await exported
        exporter.fail()
        exporter.setMode('sync')
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )()
    await run
    expect(exporter.exports.map(({ spans, state }) => [spans.length, state])).toEqual([[2, 'failed'], [2, 'acknowledged'], [1, 'acknowledged']])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 3, failed: 0, carriedOver: 0 } })
  })

  test('an early export that was answered counts in the next flush, if its own invocation has none', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2 })
    let report: FlushReport | undefined
    const left: Lifetime = { phase: 'background', hold: (_finish, invocation) => leave(invocation) }
    const config = resolveOptions({ telemetry, onFlush: (r) => void (report = r) })
    const platform = { name: 'leaving', describe: describeRoot, lifetime: () => left }
    await invoke({ config, platform }, async () => {
      for (const name of ['one', 'two']) tracer.startSpan(name).end()
    }, undefined, [])
    await withTelemetry(async () => {}, { telemetry, onFlush: (r) => (report = r) })()
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([2, 2])
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 4, carriedOver: 0 } })
  })
})
