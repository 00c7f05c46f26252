/** Flushes of a long-running process: which requests share one, and when it is made. With a fake clock and an in-memory exporter. */
import { context } from '@opentelemetry/api'
import { waitUntil } from 'flushed'
import { describe, expect, test, vi } from 'vitest'
import { drainAll } from '../../src/server/watch.ts'
import { setup } from './clockwork.ts'

describe('flushes of a long-running process', () => {
  test('begin 50 ms after the first request that ends, and take all that end until then', async () => {
    const { clock, requests, sizes, reports } = setup()
    requests(3)
    await clock.advance(49)
    expect(sizes()).toEqual([])
    requests(2)
    await clock.advance(1)
    expect(sizes()).toEqual([5])
    expect(reports).toMatchObject([{ phase: 'background', outcome: 'delivered', spans: { acknowledged: 5 } }])
  })

  test('take what a request records after its end; only what it records after the flush is late', async () => {
    const { clock, open, tracer, reports, warnings } = setup()
    const begun = open()
    const audit = () => context.with(begun.context, () => tracer.startSpan('audit').end())
    await begun.settle({ result: undefined })
    audit()
    await clock.advance(50)
    audit()
    await clock.advance(500)
    expect(reports).toMatchObject([{ spans: { acknowledged: 2, late: 0 } }, { spans: { acknowledged: 1, late: 1 } }])
    expect(warnings).toEqual([expect.stringContaining('1 span recorded after the flush of their invocation')])
  })

  test('are half a second apart, however many requests there are', async () => {
    const { clock, requests, sizes } = setup()
    for (let ms = 0; ms < 2000; ms += 10) {
      requests(1)
      await clock.advance(10)
    }
    expect(sizes()).toEqual([5, 50, 50, 50])
  })

  test('do not wait when a batch is full', async () => {
    const { clock, requests, sizes } = setup({ maxBufferSize: 10 })
    requests(25)
    await clock.tick()
    requests(9)
    await clock.tick()
    expect(sizes()).toEqual([10, 10, 5])
    await clock.advance(500)
    expect(sizes()).toEqual([10, 10, 5, 9])
  })

  test('run one at a time: requests that end meanwhile go with the next flush, one batch per export', async () => {
    const { clock, exporter, requests, sizes } = setup({ maxBufferSize: 10 })
    exporter.hold()
    requests(10)
    for (let n = 0; n < 30; n++) {
      requests(1)
      await clock.advance(20)
    }
    expect(sizes()).toEqual([10])
    exporter.setMode('microtask')
    exporter.acknowledge()
    await clock.advance(500)
    expect(sizes()).toEqual([10, 10, 10, 10])
  })

  test('take spans of no request, as of a socket or a job, with a request or five seconds after the first', async () => {
    const { clock, tracer, requests, sizes } = setup()
    requests(1)
    await clock.advance(1000)
    for (let n = 0; n < 3; n++) {
      tracer.startSpan('message').end()
      await clock.advance(1000)
    }
    expect(sizes()).toEqual([1])
    await clock.advance(2050)
    expect(sizes()).toEqual([1, 3])
    tracer.startSpan('message').end()
    requests(1)
    await clock.advance(10_000)
    expect(sizes()).toEqual([1, 3, 2])
    expect(clock.pending).toBe(0)
  })

  test('are made at most every five seconds if all spans are of no request', async () => {
    const { clock, tracer, requests, sizes } = setup()
    requests(1)
    await clock.advance(50)
    for (let ms = 0; ms < 15_000; ms += 100) {
      tracer.startSpan('poll').end()
      await clock.advance(100)
    }
    expect(sizes()).toEqual([1, 51, 51])
  })

  test('are not triggered by what `onFlush` records, which would never end', async () => {
    const { clock, tracer, requests, sizes } = setup({}, { onFlush: async () => {
      await Promise.resolve()
      tracer.startSpan('told').end()
    } })
    requests(1)
    await clock.advance(60_000)
    expect(sizes()).toEqual([1])
    requests(1)
    await clock.advance(60_000)
    expect(sizes()).toEqual([1, 2])
  })

  test('are not triggered by spans recorded after the shutdown of the provider', async () => {
    const { clock, tracer, provider, requests, warnings } = setup()
    requests(1)
    await clock.advance(60)
    tracer.startSpan('before').end()
    await provider.shutdown()
    tracer.startSpan('after').end()
    await clock.advance(60_000)
    expect(warnings).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('are not triggered by spans of no request that somebody else exports', async () => {
    const flushes = vi.fn(async () => {})
    const { clock, tracer, requests, reports } = setup({ exporter: undefined, tracerProvider: { forceFlush: flushes } })
    requests(1)
    await clock.advance(1000)
    tracer.startSpan('job').end()
    await clock.advance(60_000)
    expect([flushes.mock.calls.length, reports.length]).toEqual([1, 1])
  })

  test('take a request after 15 minutes, with a warning, if its background work never ends', async () => {
    const { clock, open, reports, sizes } = setup()
    const begun = open()
    context.with(begun.context, () => waitUntil(new Promise(() => {})))
    await begun.settle({ result: undefined })
    await clock.advance(14 * 60_000)
    expect(sizes()).toEqual([])
    await clock.advance(2 * 60_000)
    expect(sizes()).toEqual([1])
    expect(reports[0]?.warnings).toEqual(['background work was not over in time'])
  })

  test('leave no timer, and make no export, when nothing is left to send', async () => {
    const { clock, requests, sizes } = setup()
    requests(1)
    await clock.advance(10_000)
    expect([sizes(), clock.pending]).toEqual([[1], 0])
  })

  test('report spans that requests left open, and background work that failed', async () => {
    const { clock, open, tracer, reports } = setup()
    const begun = [open(), open()]
    for (const { context: within } of begun) {
      context.with(within, () => {
        tracer.startSpan('left')
        waitUntil(Promise.reject(new Error('no queue')))
      })
    }
    for (const each of begun) void each.settle({ result: undefined })
    await clock.advance(1000)
    expect(reports).toMatchObject([{ spans: { acknowledged: 4, endedByDispose: 2 }, warnings: ['background work failed: no queue'] }])
  })

  test('report at most ten different warnings of their requests: somebody has to read them', async () => {
    const { clock, open, reports } = setup()
    const begun = Array.from({ length: 25 }, open)
    for (const [n, each] of begun.entries()) {
      context.with(each.context, () => waitUntil(Promise.reject(new Error(`queue ${n >> 1} is down`))))
      void each.settle({ result: undefined })
    }
    await clock.advance(1000)
    expect(reports).toMatchObject([{ spans: { acknowledged: 25 } }])
    expect(reports[0]?.warnings).toEqual(Array.from({ length: 10 }, (_, n) => `background work failed: queue ${n} is down`))
  })

  test('wait for background work, at the end of which the invocation of its request ends', async () => {
    const { clock, open, exporter } = setup()
    let done!: () => void
    const begun = open()
    context.with(begun.context, () => waitUntil(new Promise<void>((resolve) => (done = resolve))))
    void begun.settle({ result: undefined })
    await clock.advance(1000)
    expect([exporter.spans.length, begun.live()]).toEqual([0, true])
    done()
    await clock.advance(1000)
    expect([exporter.spans.length, begun.live()]).toEqual([1, false])
  })

  test('take what a request records after its end, without another request', async () => {
    const { clock, open, tracer, exporter } = setup()
    const begun = open()
    const goesOn = () => context.with(begun.context, () => tracer.startSpan('goes on'))
    void begun.settle({ result: undefined })
    await clock.advance(1000)
    goesOn().end()
    await clock.advance(1000)
    expect(exporter.spans.map(({ name }) => name)).toEqual(['request', 'goes on'])
    expect(clock.pending).toBe(0)
  })

  test('do not export metrics, which have their own interval; draining does', async () => {
    let exported = 0
    const { clock, requests } = setup({ meterProvider: { forceFlush: async () => void exported++ } })
    requests(1)
    await clock.advance(1000)
    expect(exported).toBe(0)
    await drainAll(new Error('end'))
    expect(exported).toBe(1)
  })
})
