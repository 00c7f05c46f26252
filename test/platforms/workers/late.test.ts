/** What is recorded when its invocation is over, on real workerd: it may be the last that the isolate hears of. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { CROSSED, corners, names } from '../../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker, compatibilityDate, flags }) => {
  const start = () =>
    startWorker('late.mjs', {
      serviceBindings: { FEED: { name: 'worker', entrypoint: 'Feed' } },
      compatibilityFlags: compatibilityDate < '2024-09-26' ? ['rpc'] : [],
    })

  test('the messages of a WebSocket that is open still are sent, together, without another request', async () => {
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
    // It goes on for as long as both sides wish: nothing of it is too late.
    expect((await worker.reported(2))[1]).toMatchObject({ outcome: 'delivered', phase: 'background', spans: { acknowledged: 2, late: 0 }, warnings: [] })
    socket.send('three')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    socket.close()
    expect(worker.logs()).not.toMatch(CROSSED)
    expect(worker.logs()).not.toContain('flushed: ')
  })

  // workerd calls them outside of all contexts.
  test.runIf(flags === 'nodejs_compat' && compatibilityDate > '2024-09-26')('so are those whose listener is bound to the request’s context, and one that is wrapped is an invocation for each', async () => {
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
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test('so is what a stream records that a call by RPC has returned', async () => {
    await using worker = await start()
    await worker.fetch('/ticks')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
    expect(names(worker.collector.spans).toSorted()).toEqual(['Feed/ticks', 'tick', 'tick', 'tick'])
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test('and what a function does that a caller has been given', async () => {
    await using worker = await start()
    await worker.fetch('/count')
    await worker.collector.waitFor(({ spans }) => spans.length === 2)
    expect(names(worker.collector.spans)).toEqual(['Feed/counter', 'count'])
    expect(worker.logs()).not.toMatch(CROSSED)
  })
})
