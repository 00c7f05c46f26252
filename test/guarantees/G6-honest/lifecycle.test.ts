/** G6 Honest, against the lifecycle: every flush has a report, and whatever is lost, late or slow is in it. */
import { runInNewContext } from 'node:vm'
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { isFlushedError, withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { answering, pipeline } from '../../support/sdk.ts'
import { begin, reports, warn, watch } from './watched.ts'

beforeEach(begin)

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

  test('logs one line even if the exporter’s error has several, as errors of TLS have', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await answering(exporter, handler, () => exporter.fail(new Error('EPROTO:\nwrong version number\n')))
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/not accepted: EPROTO: wrong version number ; 1 span kept for the next flush$/)]])
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

  test('says how long each stage took, from the end of the stage before it to the end of its slowest flushable', async () => {
    const clock = fakeClock()
    useClock(clock)
    const taking = (ms: number) => () => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))
    const invocation = withTelemetry(async () => {}, { telemetry: [[taking(100), taking(300)], taking(200)], ...watch })()
    await clock.advance(300)
    await clock.advance(200)
    await invocation
    expect(reports).toMatchObject([{ durationMs: 500, stages: [{ durationMs: 300 }, { durationMs: 200 }] }])
  })

  test('says how many spans were lost, because more waited than there was room for', async () => {
    const { telemetry, tracer } = pipeline({ maxBufferSize: 2, maxQueueSize: 2 }, 'throw')
    await withTelemetry(async () => void tracer.startSpan('child').end(), { telemetry, ...watch })()
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(reports[1]).toMatchObject({ outcome: 'failed', spans: { failed: 1 }, warnings: [expect.any(String), '1 span lost', expect.any(String)] })
    expect(warn.mock.calls[1]?.join()).toContain('; 1 span lost; ')
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
