/** How a long-running process drains before it ends, on a fake clock, with an in-memory exporter. */
import { context } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { shared } from '../../src/server/state.ts'
import { drainAll } from '../../src/server/watch.ts'
import { DRAIN_MS, setup } from './clockwork.ts'

describe('draining', () => {
  test('waits for open requests, then resolves with the report of the last flush', async () => {
    const { clock, exporter, open, requests } = setup()
    requests(2)
    const begun = open()
    const drained = drainAll(new Error('end'))
    await clock.advance(3000)
    expect(begun.live()).toBe(true)
    void begun.settle({ result: undefined })
    expect(await drained).toMatchObject([{ phase: 'shutdown' }])
    expect(exporter.spans).toHaveLength(3)
  })

  test('flushes each request that ends meanwhile at once, since the process may end at any moment', async () => {
    const { clock, exporter, open } = setup()
    const [first, second] = [open(), open()]
    const drained = drainAll(new Error('end'))
    void first.settle({ result: undefined })
    await clock.tick()
    expect(exporter.spans).toHaveLength(1)
    void second.settle({ result: undefined })
    await drained
    expect(exporter.spans).toHaveLength(2)
  })

  test('ends requests that are open too long in time for one flush of them all, and records why', async () => {
    const { clock, exporter, open, tracer, sizes } = setup()
    const begun = [open(), open()]
    const drained = drainAll(new Error('the end'))
    for (const { context: within } of begun) context.with(within, () => tracer.startSpan('charge'))
    await clock.advance(DRAIN_MS - 2000 - 1)
    expect(sizes()).toEqual([])
    await clock.advance(1)
    expect(await drained).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 4 } }])
    expect(sizes()).toEqual([4])
    expect(exporter.spans.map(({ name, status }) => [name, status.message])).toEqual([
      ['charge', 'the end'], ['request', 'the end'], ['charge', 'the end'], ['request', 'the end'],
    ])
  })

  test('reports the children that requests left open, and those that were open too long had', async () => {
    const { clock, open, tracer, reports } = setup()
    const begun = open()
    context.with(begun.context, () => tracer.startSpan('charge'))
    const drained = drainAll(new Error('the end'))
    await clock.advance(DRAIN_MS)
    expect(await drained).toMatchObject([{ spans: { endedByDispose: 1 } }])
    void begun.settle({ result: undefined })
    await clock.advance(600)
    expect(reports.map(({ spans }) => spans.endedByDispose)).toEqual([1])
  })

  test('waits for a request that comes during its last flush, and makes another last flush', async () => {
    const { clock, exporter, open, requests, reports } = setup()
    requests(1)
    exporter.hold()
    const drained = drainAll(new Error('end'))
    await clock.tick()
    const slow = open()
    exporter.setMode('microtask')
    exporter.acknowledge()
    await clock.advance(3000)
    void slow.settle({ result: undefined })
    await drained
    expect(exporter.spans.map(({ status }) => status.message ?? 'fine')).toEqual(['fine', 'fine'])
    expect(reports.map(({ phase }) => phase)).toEqual(['shutdown', 'background', 'shutdown'])
  })

  test('sends what is answered during its last flush, although no time to wait is left', async () => {
    const { clock, exporter, open, requests } = setup()
    open()
    exporter.hold()
    let over = false
    const drained = drainAll(new Error('end')).then(() => (over = true))
    await clock.advance(DRAIN_MS - 2000)
    requests(1)
    exporter.acknowledge()
    await clock.tick()
    expect([over, exporter.inFlight]).toEqual([false, 1])
    exporter.acknowledge()
    await drained
    expect(exporter.spans).toHaveLength(2)
  })

  test('waits for a flush that is under way, so that nothing is sent twice', async () => {
    const { clock, exporter, requests, sizes } = setup()
    exporter.hold()
    requests(1)
    await clock.advance(60)
    const drained = drainAll(new Error('end'))
    await clock.advance(1000)
    exporter.acknowledge()
    await drained
    expect(sizes()).toEqual([1])
  })

  test('keeps time for its last flush, however long a flush that is under way may take', async () => {
    const { clock, exporter, requests, reports } = setup()
    exporter.hold()
    requests(1)
    await clock.advance(60)
    requests(1)
    const drained = drainAll(new Error('end'), 1000)
    await clock.advance(500)
    expect(reports).toMatchObject([{ phase: 'background', outcome: 'timed_out', spans: { pending: 1 } }])
    exporter.setMode('microtask')
    exporter.acknowledge()
    expect(await drained).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 2, pending: 0 } }])
  })

  test('resends what an earlier flush saw no answer for, since the collector may have recovered', async () => {
    const { clock, exporter, requests } = setup()
    exporter.hold()
    requests(1)
    await clock.advance(2100)
    exporter.setMode('microtask')
    const [report] = await drainAll(new Error('end'))
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, pending: 0, carriedOver: 0 } })
  })

  test('ends in time if the collector does not answer, for two concurrent calls as for one', async () => {
    const { clock, exporter, requests, open } = setup()
    exporter.hold()
    requests(1)
    await clock.advance(60)
    open()
    let over = 0
    for (const drained of [drainAll(new Error('end')), drainAll(new Error('end'))]) void drained.then(() => over++)
    await clock.advance(DRAIN_MS - 1)
    expect(over).toBe(0)
    await clock.advance(1)
    expect(over).toBe(2)
    expect(exporter.exports).toHaveLength(2)
  })

  test('has less time as soon as a later call asks for less, and never more', async () => {
    const { clock, exporter, open } = setup()
    exporter.hold()
    open()
    const over: string[] = []
    const drained = (name: string, drainMs?: number) => void drainAll(new Error(name), drainMs).then(() => over.push(name))
    drained('signal')
    await clock.advance(100)
    drained('handler', 1000)
    drained('close')
    await clock.advance(499)
    expect(exporter.exports).toEqual([])
    await clock.advance(1)
    expect(exporter.exports).toMatchObject([{ spans: [{ name: 'request', status: { message: 'signal' } }] }])
    await clock.advance(499)
    expect(over).toEqual([])
    await clock.advance(1)
    expect(over).toEqual(['signal', 'handler', 'close'])
  })
})

describe('a process that has nothing left to do', () => {
  const emptied = async ({ clock }: ReturnType<typeof setup>) => {
    for (const participant of shared.participants) participant.emptied()
    await clock.tick()
  }

  test('sends once what an earlier flush failed to send, and metrics', async () => {
    let metrics = 0
    const made = setup({ meterProvider: { forceFlush: async () => void metrics++ } })
    const { clock, exporter, requests, reports } = made
    exporter.setMode('throw')
    requests(1)
    await clock.advance(60)
    exporter.setMode('microtask')
    await emptied(made)
    await emptied(made)
    expect(reports).toMatchObject([{ phase: 'background' }, { phase: 'shutdown', outcome: 'delivered' }])
    expect([exporter.spans.length, metrics, shared.draining]).toEqual([1, 1, 0])
  })

  test('sends spans that belong to no request', async () => {
    const made = setup()
    const { requests, tracer, sizes } = made
    requests(1)
    await emptied(made)
    tracer.startSpan('job').end()
    await emptied(made)
    await emptied(made)
    expect(sizes()).toEqual([1, 1])
  })

  test('is not kept alive by spans of no request that are recorded during its last flush', async () => {
    const made = setup()
    const { exporter, requests, tracer, sizes, clock } = made
    requests(1)
    exporter.hold()
    await emptied(made)
    tracer.startSpan('tick').end()
    exporter.acknowledge()
    await clock.tick()
    await emptied(made)
    expect([sizes(), clock.pending, shared.draining]).toEqual([[1], 0, 0])
  })

  test('is not kept alive by an unavailable collector', async () => {
    const made = setup()
    made.exporter.setMode('throw')
    made.requests(1)
    for (let n = 0; n < 5; n++) await emptied(made)
    expect([made.sizes(), made.clock.pending]).toEqual([[1], 0])
  })

  test('ends requests that nothing will settle, within the time of one flush, and records why', async () => {
    const made = setup()
    const { clock, open, exporter } = made
    open()
    await emptied(made)
    await clock.advance(1000)
    expect(exporter.spans).toMatchObject([{ status: { message: expect.stringContaining('nothing was left to do') } }])
  })
})

describe('the listeners for signals and `beforeExit`', () => {
  const listeners = () => ['SIGTERM', 'SIGINT', 'beforeExit'].map((event) => process.listenerCount(event))
  const [none, all] = [listeners(), listeners().map((count) => count + 1)]

  test('are registered once, and removed when the telemetry is shut down', async () => {
    const { provider, requests } = setup()
    shared.watched = false
    requests(2)
    expect(listeners()).toEqual(all)
    await drainAll(new Error('end'))
    expect(listeners()).toEqual(all)
    await provider.shutdown()
    expect(listeners()).toEqual(none)
  })

  test('stay while another telemetry has not been shut down', async () => {
    const [one, other] = [setup(), setup()]
    shared.watched = false
    for (const { requests } of [one, other]) requests(1)
    await one.provider.shutdown()
    expect(listeners()).toEqual(all)
    await other.provider.shutdown()
    expect(listeners()).toEqual(none)
  })
})
