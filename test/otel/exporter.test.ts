/** What an exporter is called with, which of its answers count, and how it is shut down. */
import { sdkVersion } from '#sdk'
import { type FlushReport, withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe(`with SDK ${sdkVersion}`, () => {
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
    await expect(telemetry.spanProcessor.shutdown()).rejects.toThrow('1 span not accepted')
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
    expect(report?.warnings.join()).toMatch(new RegExp(`1 span not accepted: .*${told}`))
  })
})
