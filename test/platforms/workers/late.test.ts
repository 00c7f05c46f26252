/** What is recorded when its invocation is over, on real workerd: it may be the last that the isolate hears of. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { CROSSED, corners, names } from '../../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker, compatibilityDate }) => {
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
    expect((await worker.reported(2))[1]).toMatchObject({ outcome: 'delivered', phase: 'background', spans: { acknowledged: 2, late: 2 } })
    socket.send('three')
    await worker.collector.waitFor(({ spans }) => spans.length === 4)
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
