/** G6 Honest, against the lifecycle: every flush has a report, and whatever is lost, late or slow is in it. */
import { runInNewContext } from 'node:vm'
import { type ReadableSpan, makeBatchProcessor, makeProvider, neverSampled } from '#sdk'
import { ROOT_CONTEXT, context, createContextKey, trace } from '@opentelemetry/api'
import { isFlushedError, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { answering, newIsolate, pipeline } from '../../support/sdk.ts'

let reports: FlushReport[] = []
const warn = vi.fn<(message: string) => void>()
const watch = { onFlush: (report: FlushReport) => void reports.push(report), logger: { warn } }

beforeEach(() => {
  newIsolate()
  reports = []
  warn.mockClear()
})

describe('a flush that succeeds', () => {
  test('is reported as delivered, with its stages, and logs nothing', async () => {
    const { telemetry, tracer } = pipeline()
    await withTelemetry(async () => void tracer.startSpan('left'), { telemetry, ...watch })()
    expect(reports).toMatchObject([
      {
        outcome: 'delivered',
        phase: 'before-response',
        stages: [
          { name: 'buffers', outcome: 'nothing_to_send' },
          { name: 'exporters', outcome: 'delivered' },
        ],
        spans: { acknowledged: 2, failed: 0, pending: 0, endedByDispose: 1, late: 0, carriedOver: 0 },
        warnings: [],
      },
    ])
    expect(warn).not.toHaveBeenCalled()
  })

  test('is reported as `nothing_to_send` when the trace is not sampled, and makes no export', async () => {
    const { exporter, telemetry } = pipeline()
    const unsampled = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0, isRemote: true }
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    // The first call registers the context manager, without which nobody could tell of the parent.
    await handler()
    await context.with(trace.setSpanContext(ROOT_CONTEXT, unsampled), handler)
    expect(reports.map(({ outcome }) => outcome)).toEqual(['delivered', 'nothing_to_send'])
    expect(exporter.exports).toHaveLength(1)
  })

  test('is reported as `nothing_to_send` when its flush function says so', async () => {
    pipeline()
    await withTelemetry(async () => {}, { telemetry: () => 'nothing_to_send', ...watch })()
    expect(reports.map(({ outcome }) => outcome)).toEqual(['nothing_to_send'])
  })

  test('is recorded on the next root span, since a span cannot report on its own flush', async () => {
    const { exporter, telemetry } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry })
    await handler()
    await handler()
    const [first, second] = exporter.spans.map(({ attributes }) => attributes)
    expect(first).toEqual({})
    expect(second).toEqual({
      'flushed.previous_flush.outcome': 'delivered',
      'flushed.previous_flush.duration_ms': expect.any(Number),
    })
  })
})

test('a root span carries the outcome of the last flush that had something to send', async () => {
  const { exporter, telemetry } = pipeline()
  const handler = withTelemetry(async () => {}, { telemetry })
  await handler()
  const unsampled = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0, isRemote: true }
  await context.with(trace.setSpanContext(ROOT_CONTEXT, unsampled), handler)
  await handler()
  expect(exporter.spans.map(({ attributes }) => attributes['flushed.previous_flush.outcome'])).toEqual([undefined, 'delivered'])
})

describe('a flush that does not succeed', () => {
  test('logs one line, which names the stage, the exporter and the number of spans', async () => {
    const { exporter, telemetry, tracer } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => tracer.startSpan('child').end(), { telemetry, ...watch })
    await answering(exporter, handler, () => exporter.fail(new Error('connect ECONNREFUSED')))
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^flushed: failed after \d+ ms: /)]])
    const [[line]] = warn.mock.calls as [[string]]
    expect(line).toContain('stage "exporters": Object failed: 2 spans not accepted: connect ECONNREFUSED')
    expect(line).toContain('2 spans kept for the next flush')
  })

  test('reports what is unanswered at the deadline; the next report says what became of it', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => {}, { telemetry, timeoutMs: 500, ...watch })
    const first = handler()
    await clock.advance(500)
    await first
    expect(reports[0]).toMatchObject({ outcome: 'timed_out', durationMs: 500, spans: { acknowledged: 0, pending: 1 } })
    expect(isFlushedError(reports[0]?.stages[1]?.error) && reports[0].stages[1].error.code).toBe('FLUSHED_TIMEOUT')
    expect(warn.mock.calls.join()).toContain('1 span not acknowledged in time')
    exporter.acknowledge()
    await answering(exporter, handler, () => exporter.acknowledge())
    expect(reports[1]).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, pending: 0 } })
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([1, 1])
  })

  test.each([
    ['acknowledged', (exporter: { acknowledge(): void }) => exporter.acknowledge()],
    ['refused', (exporter: { fail(): void }) => exporter.fail()],
  ] as const)('has its unanswered spans sent again by the next one and counted once, even if they are then %s', async (_what, answerAtLast) => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => {}, { telemetry, timeoutMs: 500, ...watch })
    const first = handler()
    await clock.advance(500)
    await first
    exporter.setMode('sync')
    await handler()
    answerAtLast(exporter) // the first one: its span has been delivered by the second
    await handler()
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([1, 2, 1])
    expect(reports.map(({ spans }) => spans.acknowledged)).toEqual([0, 2, 1])
  })

  test('is `partial` when some of it was delivered', async () => {
    const telemetry = [[async () => {}, async () => Promise.reject(new Error('half broken'))]]
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(reports[0]).toMatchObject({ outcome: 'partial', stages: [{ outcome: 'partial' }] })
  })

  test('names every flushable that failed, and still runs the others', async () => {
    const ran: string[] = []
    class Metrics {
      forceFlush() {
        throw new Error('metrics broken')
      }
    }
    class Logs {
      flush = async () => Promise.reject(new Error('logs broken'))
    }
    const traces = async () => void ran.push('traces')
    const telemetry = [[new Metrics(), new Logs(), traces], async () => void ran.push('exporter')]
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(ran).toEqual(['traces', 'exporter'])
    expect(reports[0]?.warnings).toEqual([
      'stage "stage 1": Metrics failed: metrics broken',
      'stage "stage 1": Logs failed: logs broken',
    ])
  })

  test('is `timed_out` when a flush function resolves with `false`', async () => {
    const flushSentry = async () => false
    await withTelemetry(async () => {}, { telemetry: flushSentry, ...watch })()
    expect(reports[0]).toMatchObject({ outcome: 'timed_out' })
    expect(reports[0]?.warnings.join()).toContain('flushSentry timed out')
  })

  test('is `failed` when a flush function resolves with an error', async () => {
    const flushVendor = async () => new Error('vendor broken')
    await withTelemetry(async () => {}, { telemetry: flushVendor, ...watch })()
    expect(reports[0]).toMatchObject({ outcome: 'failed', warnings: ['stage "stage 1": flushVendor failed: vendor broken'] })
  })

  test.each(['throws', 'rejects with'])('is `failed` when a flush function %s an error of another realm, as in a test runner', async (how) => {
    const error: unknown = runInNewContext('new TypeError("fetch failed")')
    const flushVendor = () => {
      if (how === 'throws') throw error
      return Promise.reject(error)
    }
    await withTelemetry(async () => {}, { telemetry: flushVendor, ...watch })()
    expect(reports[0]).toMatchObject({ outcome: 'failed', warnings: ['stage "stage 1": flushVendor failed: fetch failed'] })
  })

  test('reports what is kept for the next flush only once, even if other flushes end meanwhile', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    const runs: Promise<unknown>[] = []
    for (let run = 0; run < 3; run++) {
      const exported = exporter.nextExport()
      runs.push(handler())
      await exported
    }
    exporter.fail(new Error('503'), 1)
    await runs[0]
    exporter.acknowledge()
    await Promise.all(runs)
    expect(reports.map(({ spans }) => spans.carriedOver)).toEqual([1, 0, 0])
    expect(warn).toHaveBeenCalledOnce()
  })

  test('logs nothing with `logger: false`, and is still reported', async () => {
    const log = vi.spyOn(console, 'warn')
    await withTelemetry(async () => {}, { telemetry: () => Promise.reject(boom), ...watch, logger: false })()
    expect(log).not.toHaveBeenCalled()
    expect(reports[0]?.outcome).toBe('failed')
  })

  const boom = new Error('boom')
})

describe('late telemetry', () => {
  test('is counted and goes out with the next flush', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    let late: () => void = () => {}
    const handler = withTelemetry(
      async () => {
        late = () => tracer.startSpan('late').end()
        const { AsyncResource } = await import('node:async_hooks')
        late = AsyncResource.bind(late)
      },
      { telemetry, name: 'root', ...watch },
    )
    await handler()
    late()
    expect(exporter.exports).toHaveLength(1)
    await withTelemetry(async () => {}, { telemetry, name: 'next', ...watch })()
    expect(exporter.exports[1]?.spans.map(({ name }) => name)).toEqual(['late', 'next'])
    expect(reports[1]).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, late: 1 } })
    expect(warn.mock.calls.join()).toContain('1 span recorded after the flush of their invocation')
  })
})

describe('a wrap that cannot do its work', () => {
  test('warns once that no tracer provider records spans', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await handler()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no OpenTelemetry tracer provider records spans')]])
  })

  test('does not warn about invocations whose tracing is suppressed', async () => {
    const { telemetry } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    // The first invocation registers the context manager.
    await handler()
    await context.with(ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true), handler)
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns in each report, and once in the log, that no spans reach `otel()`', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({}))
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await handler()
    const warning = expect.stringContaining('no spans reach `otel()` as they start: is its `spanProcessor`')
    expect(warn.mock.calls).toEqual([[warning]])
    expect(reports.map(({ warnings }) => warnings)).toEqual([[warning], [warning]])
  })

  test('does not warn that no spans reach `otel()` if it flushes the global providers, or only tracks exporters', async () => {
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({}))
    await withTelemetry(async () => {}, watch)()
    await withTelemetry(async () => {}, { telemetry: otel(), ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns once that it flushes only an exporter, which does not have what a batch processor still holds', async () => {
    const exporter = inMemoryExporter<ReadableSpan>()
    trace.disable()
    const provider = makeProvider({ spanProcessors: [makeBatchProcessor(exporter)] })
    trace.setGlobalTracerProvider(provider)
    const [wrapped] = [1, 2].map(() => withTelemetry(async () => {}, { telemetry: exporter, ...watch }))
    await wrapped?.()
    expect([reports[0]?.outcome, exporter.spans]).toEqual(['delivered', []])
    expect(warn.mock.calls).toEqual([[expect.stringContaining('`telemetry` is an exporter')]])
    withTelemetry(async () => {}, { telemetry: [provider, exporter], ...watch })
    expect(warn).toHaveBeenCalledOnce()
  })

  test('does not warn that no spans are recorded if the environment has turned the SDK off', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'True')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { telemetry } = pipeline()
    trace.disable()
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('does not warn that no spans are recorded if the trace is sampled out, or for another SDK', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({ sampler: neverSampled() }))
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    trace.disable()
    await withTelemetry(async () => {}, { telemetry: async () => {}, ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns in each report, and once in the log, that it is not outermost if a span outside of it is open', async () => {
    const { telemetry, tracer } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await tracer.startActiveSpan('outer', async (outer) => {
      await handler()
      await handler()
      outer.end()
    })
    const warning = expect.stringContaining('not the outermost wrapper')
    expect(reports.map(({ warnings }) => warnings)).toEqual([[], [warning], [warning]])
    expect(warn.mock.calls).toEqual([[warning]])
  })

  test('does not warn about an open outer span if there is nothing to flush, as with Deno’s own provider', async () => {
    const { tracer } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry: () => 'nothing_to_send', ...watch })
    await handler()
    await tracer.startActiveSpan('outer', async (outer) => {
      await handler()
      outer.end()
    })
    expect(reports.map(({ warnings }) => warnings)).toEqual([[], []])
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns once that it cannot flush after the response if it was asked to', async () => {
    const { telemetry } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, flush: 'after-response', ...watch })
    await handler()
    await handler()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('generic cannot flush after the response here')]])
  })
})
