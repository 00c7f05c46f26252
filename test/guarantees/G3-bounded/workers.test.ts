/** G3 Bounded, on real workerd: what a collector that is slow, or never answers, costs a response. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Collector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { corners, crossed, newest, runtimes } from '../../support/workers.ts'

const SPANS = 3

/** How many different spans were acknowledged: a span whose answer came too late is sent once more. */
const different = ({ spans }: Collector) => new Set(spans.map(({ spanId }) => spanId)).size

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('a collector that takes 500 ms delays no response', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: { delayMs: 500 } })
    expect(await (await worker.fetch('/?id=1')).json()).toEqual({ id: 1 })
    expect(worker.collector.spans).toEqual([])
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
  })

  test('a collector that hangs delays no response; once it answers, the same isolate delivers every span', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: 'hang', bindings: { TIMEOUT_MS: 100 } })
    for (const id of [1, 2, 3]) expect(await (await worker.fetch(`/?id=${id}`)).json()).toEqual({ id })
    expect(worker.collector.spans).toEqual([])
    for (const { outcome, phase, durationMs } of await worker.reported(3)) {
      expect([outcome, phase]).toEqual(['timed_out', 'after-response'])
      expect(durationMs).toBeLessThan(100 + 500)
    }
    worker.collector.behave('ok')
    await worker.fetch('/?id=4')
    await worker.collector.waitFor((collector) => different(collector) === 4 * SPANS)
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe(`on ${newest.title}`, () => {
  test.each(['string', 'stream', 'none'])('an exporter that keeps the processor busy delays no response: body %s', async (body) => {
    await using worker = await newest.startWorker('busy.mjs')
    const exported = worker.collector.waitFor(({ requests }) => requests.length > 0).then(() => performance.now())
    await (await worker.fetch(`/?body=${body}`)).text()
    const answered = performance.now()
    expect((await exported) - answered).toBeGreaterThan(100)
  })
})

describe(`on ${newest.title}`, () => {
  test('a request that takes all of its timers loses no span, and every span is reported', async () => {
    await using worker = await newest.startWorker('timers.mjs')
    for (const path of ['/timers', '/', '/timers', '/']) await worker.fetch(path)
    await worker.collector.waitFor((collector) => different(collector) === 4)
    const reports = await worker.reported(4)
    expect(reports.reduce((sum, { spans }) => sum + spans.acknowledged, 0)).toBe(4)
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe.concurrent.each(corners)('a collector that hangs for more requests than an exporter makes at a time, on $title', { timeout: 60_000 }, ({ startWorker }) => {
  const HUNG = 31
  /** By then the exporter has given up on the exports whose requests waited for it. */
  const ANSWERED_MS = 1500
  const bindings = { TIMEOUT_MS: 100, EXPORTER_TIMEOUT_MS: 1000 }

  test('with flushed: every span arrives once the collector answers again', async () => {
    await using worker = await startWorker('orders.mjs', { behavior: 'hang', bindings })
    for (let id = 0; id < HUNG; id++) await worker.fetch(`/?id=${id}`)
    await worker.reported(HUNG)
    await wait(ANSWERED_MS)
    worker.collector.behave('ok')
    await worker.fetch(`/?id=${HUNG}`)
    await worker.collector.waitFor((collector) => different(collector) === SPANS * (HUNG + 1))
    expect(crossed(worker.logs())).toEqual([])
  })

  test('with OpenTelemetry’s batch processor, flushed by every request: nothing arrives any more', async () => {
    await using worker = await startWorker('stock.mjs', { behavior: 'hang', bindings })
    for (let id = 0; id < HUNG; id++) {
      await worker.fetch(`/hung-${id}`)
      await wait(bindings.TIMEOUT_MS + 10)
    }
    await wait(ANSWERED_MS)
    worker.collector.behave('ok')
    const before = worker.collector.requests.length
    expect(before).toBeGreaterThan(0)
    for (let id = 0; id < 3; id++) {
      await worker.fetch(`/after-${id}`)
      await wait(bindings.TIMEOUT_MS + 50)
    }
    expect(worker.collector.requests).toHaveLength(before)
    expect(worker.collector.spans).toEqual([])
  })

  test('with OpenTelemetry’s batch processor and no flush: nothing ever arrives, even if the collector answers', async () => {
    await using worker = await startWorker('stock.mjs')
    for (let id = 0; id < 10; id++) {
      await worker.fetch(`/order-${id}`)
      // Longer than the batch processor's timer takes.
      await wait(250)
    }
    expect(worker.collector.requests).toEqual([])
  })
})
