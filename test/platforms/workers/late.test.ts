/** Spans that are recorded when their invocation is over, on real workerd. The isolate may never get another request. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { corners, crossed, names } from '../../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker, compatibilityDate, flags }) => {
  const start = () =>
    startWorker('late.mjs', {
      serviceBindings: { FEED: { name: 'worker', entrypoint: 'Feed' } },
      compatibilityFlags: compatibilityDate < '2024-09-26' ? ['rpc'] : [],
    })

  test('the spans of messages on an open WebSocket are sent together, without another request', async () => {
    await using worker = await start()
    const socket = new WebSocket(new URL('/socket', worker.url))
    await once(socket, 'open')
    await worker.reported(1)
    for (const message of ['one', 'two']) {
      socket.send(message)
      await once(socket, 'message')
    }
    await worker.collector.waitFor(({ spans }) => spans.length === 3)
    expect(names(worker.collector.spans)).toEqual(['GET', 'message', 'message'])
    // A WebSocket goes on for as long as both sides wish, so none of its spans is late.
    expect((await worker.reported(2))[1]).toMatchObject({ outcome: 'delivered', phase: 'background', spans: { acknowledged: 2, late: 0 }, warnings: [] })
    socket.send('three')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    socket.close()
    expect(crossed(worker.logs())).toEqual([])
    expect(worker.logs()).not.toContain('flushed: ')
  })

  // workerd calls listeners outside of all contexts.
  test.runIf(flags === 'nodejs_compat' && compatibilityDate > '2024-09-26')('a listener bound to the context of its request records there; a wrapped one is an invocation per message', async () => {
    await using worker = await start()
    const socket = new WebSocket(new URL('/listeners', worker.url))
    await once(socket, 'open')
    await worker.reported(1)
    socket.send('one')
    await once(socket, 'message')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    const [request, ...others] = worker.collector.spans
    const inOrder = others.toSorted((one, other) => one.name.localeCompare(other.name))
    expect(inOrder.map(({ name, parentSpanId }) => [name, parentSpanId === request?.spanId])).toEqual([['bound', true], ['message', false], ['within', false]])
    socket.close()
    expect(crossed(worker.logs())).toEqual([])
  })

  test('the spans of a stream that an RPC call has returned are sent without another request', async () => {
    await using worker = await start()
    await worker.fetch('/ticks')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    expect(names(worker.collector.spans).toSorted()).toEqual(['Feed/ticks', 'tick', 'tick', 'tick'])
    expect(crossed(worker.logs())).toEqual([])
  })

  test('the spans of a function that an RPC call has returned are sent without another request', async () => {
    await using worker = await start()
    await worker.fetch('/count')
    await worker.collector.waitFor(({ spans }) => spans.length === 2)
    expect(names(worker.collector.spans)).toEqual(['Feed/counter', 'count'])
    expect(crossed(worker.logs())).toEqual([])
  })
})
