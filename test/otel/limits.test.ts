/** When spans are sent before their invocation's flush, and what happens when too many wait. */
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

  test('exports of full batches stop at `maxQueueSize` unanswered spans; spans that do not fit count as failed', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 2, maxQueueSize: 4 }, 'hold')
    let report: FlushReport | undefined
    const exported = exporter.nextExport()
    const run = withTelemetry(
      async () => {
        for (let i = 0; i < 20; i++) tracer.startSpan(`${i}`).end()
      },
      { telemetry, onFlush: (r) => (report = r), logger: false },
    )()
    await exported
    expect(exporter.exports.slice(0, 2).map(({ spans }) => spans.length)).toEqual([2, 2])
    await vi.waitFor(() => expect(exporter.exports).toHaveLength(4))
    exporter.acknowledge()
    await run
    expect(exporter.spans.at(-1)?.name).toBe('invocation')
    expect(report?.spans).toMatchObject({ acknowledged: 8, failed: 13 })
    expect(report?.outcome).toBe('partial')
  })

  test('exports at `flushIntervalMs` stop at `maxQueueSize` unanswered spans; others wait, or count as failed', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry, tracer } = pipeline({ flushIntervalMs: 100, maxBufferSize: 4, maxQueueSize: 4 }, 'hold')
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    let report: FlushReport | undefined
    const run = withTelemetry(
      async () => {
        for (let i = 0; i < 10; i++) {
          tracer.startSpan(`${i}`).end()
          await clock.advance(100)
        }
        expect(exporter.exports).toHaveLength(4)
        exporter.acknowledge()
        await clock.advance(100)
        expect(exporter.exports).toHaveLength(5)
        exporter.acknowledge()
        await gate
      },
      { telemetry, onFlush: (r) => (report = r), logger: false },
    )()
    open()
    await vi.waitFor(() => expect(exporter.exports).toHaveLength(6))
    exporter.acknowledge()
    await run
    expect(report?.spans).toMatchObject({ acknowledged: 9, failed: 2 })
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

  test('only the first answer of an exporter that answers twice counts', async () => {
    const { telemetry } = pipeline({
      exporter: {
        export(_spans, done) {
          done({ code: 0 })
          done({ code: 1 })
        },
        shutdown: async () => {},
      },
    })
    let report: FlushReport | undefined
    await withTelemetry(async () => {}, { telemetry, onFlush: (r) => (report = r) })()
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, carriedOver: 0 } })
  })

  describe('more flushes at once than an exporter gets requests', () => {
    const ANSWERED_AT_ONCE = 20

    test('wait for their turn, and all are delivered', async () => {
      const { exporter, telemetry } = pipeline({}, 'hold')
      const reports: FlushReport[] = []
      const handler = withTelemetry(async () => {}, { telemetry, onFlush: (report) => reports.push(report) })
      const runs = Array.from({ length: 3 * ANSWERED_AT_ONCE }, () => handler())
      while (exporter.inFlight < ANSWERED_AT_ONCE) await exporter.nextExport()
      for (let left = runs.length; left > 0; left--) {
        expect(exporter.inFlight).toBe(Math.min(ANSWERED_AT_ONCE, left))
        exporter.acknowledge(1)
      }
      await Promise.all(runs)
      expect(reports.every(({ outcome }) => outcome === 'delivered')).toBe(true)
      expect(exporter.spans).toHaveLength(runs.length)

      exporter.setMode('sync')
      await handler()
      expect(exporter.spans).toHaveLength(runs.length + 1)
    })

    test('end at their deadline, and their spans go out once, with the next flush', async () => {
      const clock = fakeClock()
      useClock(clock)
      const { exporter, telemetry } = pipeline({}, 'hold')
      const reports: FlushReport[] = []
      const handler = withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })
      const runs = Array.from({ length: ANSWERED_AT_ONCE + 5 }, () => handler())
      await exporter.nextExport()
      await clock.advance(2000)
      await Promise.all(runs)
      expect(exporter.exports).toHaveLength(ANSWERED_AT_ONCE)
      expect(reports.every(({ spans }) => spans.pending === 1)).toBe(true)

      exporter.setMode('microtask')
      await handler()
      expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: ANSWERED_AT_ONCE + 6, pending: 0 } })
      exporter.acknowledge()
      expect(exporter.exports).toHaveLength(ANSWERED_AT_ONCE + 1)

      exporter.hold()
      const more = Array.from({ length: ANSWERED_AT_ONCE + 5 }, () => handler())
      await exporter.nextExport()
      await clock.tick()
      expect(exporter.inFlight).toBe(ANSWERED_AT_ONCE)
      exporter.setMode('microtask')
      exporter.acknowledge()
      await Promise.all(more)
    })
  })

  test('exports are not traced: otherwise an instrumented exporter would never stop', async () => {
    const recorded: boolean[] = []
    const { telemetry, tracer } = pipeline({
      exporter: {
        export: (_spans, done) => {
          recorded.push(tracer.startSpan('POST').isRecording())
          done({ code: 0 })
        },
        shutdown: async () => {},
      },
    })
    await withTelemetry(async () => {}, { telemetry })()
    expect(recorded).toEqual([false])
  })

  test('a flush with nothing to send makes no request', async () => {
    const { exporter, provider, telemetry } = pipeline()
    await provider.forceFlush()
    await telemetry.spanProcessor.forceFlush()
    expect(exporter.exports).toHaveLength(0)
  })

  test('shutdown sends what is left, shuts the exporter down and leaves no timer', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, provider, telemetry, tracer } = pipeline()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const run = withTelemetry(async () => {
      tracer.startSpan('work').end()
      await gate
    }, { telemetry, logger: false })()
    expect(clock.pending).toBe(1)
    await provider.shutdown()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['work'])
    expect([exporter.stopped, clock.pending]).toEqual([true, 0])
    open()
    await run
  })

  test('shutdown rejects if spans were not accepted, and still shuts the exporter down', async () => {
    const { exporter, telemetry, tracer } = pipeline({}, 'throw')
    tracer.startSpan('work').end()
    await expect(telemetry.spanProcessor.shutdown()).rejects.toThrow('1 spans not accepted')
    expect(exporter.stopped).toBe(true)
  })

  test('shutdown waits 30 seconds for an exporter that never answers, then shuts it down', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry, tracer } = pipeline({}, 'hold')
    tracer.startSpan('work').end()
    const closed = vi.spyOn(exporter, 'shutdown').mockResolvedValue()
    const over = telemetry.spanProcessor.shutdown()
    await clock.advance(29_999)
    expect([exporter.inFlight, closed.mock.calls.length]).toEqual([1, 0])
    await clock.advance(1)
    await over
    expect(closed).toHaveBeenCalledOnce()
  })

  test('an exporter whose `export` rejects has not accepted the spans, and causes no unhandled rejection', async () => {
    const reports: FlushReport[] = []
    const { telemetry } = pipeline({ exporter: { export: () => Promise.reject(new Error('no network')) as never, shutdown: async () => {} } })
    await withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })()
    expect(reports).toMatchObject([{ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 1, pending: 0 } }])
    expect(reports[0]?.stages.at(-1)?.error?.message).toContain('no network')
  })

  test.each([
    ['a string as the error', 'no network', 'no network'],
    ['no error', undefined, 'no reason given'],
  ])('an exporter that refuses spans with %s: the report says so', async (_what, error, told) => {
    const { telemetry } = pipeline({ exporter: { export: (_spans, done) => done({ code: 1, error: error as never }), shutdown: async () => {} } })
    let report: FlushReport | undefined
    await withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (it) => void (report = it) })()
    expect(report?.warnings.join()).toMatch(new RegExp(`1 spans not accepted: .*${told}`))
  })
})
