/** `DurableObject` classes on real workerd: requests, RPC, alarms, WebSockets that hibernate. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { call, withClasses } from '../../support/worker-classes.ts'
import { type StartedWorker, corners, crossed, names, newest } from '../../support/workers.ts'

const spans = (worker: StartedWorker, count: number) => worker.collector.waitFor(({ spans }) => spans.length >= count)

async function connect(worker: StartedWorker) {
  const socket = new WebSocket(new URL('/room/socket', worker.url))
  await once(socket, 'open')
  return socket
}

const echo = async (socket: WebSocket, message: string) => {
  socket.send(message)
  const [event] = (await once(socket, 'message')) as [MessageEvent]
  return event.data as unknown
}

describe.each(corners)('on $title', (runtime) => {
  const start = (script = 'classes-wrapped.mjs') => runtime.startWorker(script, withClasses(runtime))

  test('a request through a stub continues the trace of its caller', async () => {
    await using worker = await start()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const response = await worker.fetch('/room/hello', { headers: { traceparent } })
    expect(await response.text()).toBe('room /hello')
    await spans(worker, 1)
    expect(worker.collector.spans).toMatchObject([
      {
        name: 'GET',
        kind: 'server',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        attributes: {
          'url.path': '/hello',
          'http.response.status_code': 200,
          'cloudflare.entrypoint': 'Room',
          'cloudflare.durable_object.id': expect.stringMatching(/^[0-9a-f]{64}$/),
          'cloudflare.durable_object.name': 'one',
        },
      },
    ])
  })

  test('a method that is called by RPC is an invocation; constructors, timers and calls between methods are not', async () => {
    await using worker = await start()
    expect(await call(worker, 'count')).toBe(1)
    expect(await call(worker, 'tick')).toBe('ticking')
    expect(await call(worker, 'count')).toBe(2)
    await spans(worker, 3)
    // The call of the timer is over by now: the timer was set before the last method call, which has awaited storage.
    expect(names(worker.collector.spans)).toEqual(['Room/count', 'Room/tick', 'Room/count'])
    expect((await worker.reported(3)).every(({ phase }) => phase === 'after-response')).toBe(true)
  })

  test('an error reaches the caller unchanged, and the span has it', async () => {
    await using worker = await start()
    expect(await call(worker, 'closed')).toBe('TypeError: the room is closed')
    await spans(worker, 1)
    expect(worker.collector.spans).toMatchObject([{ name: 'Room/fail', status: { code: 'error', message: 'the room is closed' } }])
  })

  // Without AsyncLocalStorage, an invocation that was aborted is taken to be running still.
  test.runIf(runtime === newest)('an object that aborts itself does not end other invocations of its isolate', async () => {
    await using worker = await start()
    expect(await call(worker, 'collapse')).toContain('collapsed')
    for (const count of [1, 2]) expect(await call(worker, 'count')).toBe(count)
    await spans(worker, 2)
    expect(names(worker.collector.spans)).toEqual(['Room/count', 'Room/count'])
  })

  test('an alarm is an invocation, and is retried as ever when it fails', async () => {
    await using worker = await start()
    await worker.fetch('/room/alarm')
    await worker.collector.waitFor(({ spans }) => names(spans).filter((name) => name === 'alarm').length === 2, { timeoutMs: 15_000 })
    const alarms = worker.collector.spans.filter(({ name }) => name === 'alarm')
    expect(alarms).toMatchObject([
      { status: { code: 'error', message: 'the first time it fails' }, attributes: { 'faas.trigger': 'timer' } },
      { status: { code: 'unset' }, attributes: { 'faas.trigger': 'timer', 'cloudflare.entrypoint': 'Room' } },
    ])
  })

  test('each message of a WebSocket is an invocation, and so is its close', async () => {
    await using worker = await start()
    const socket = await connect(worker)
    expect(await echo(socket, 'one')).toBe('one, 1 constructed')
    expect(await echo(socket, 'two')).toBe('two, 1 constructed')
    socket.close(1000)
    await once(socket, 'close')
    await spans(worker, 6)
    const sent = worker.collector.spans
    expect(names(sent).toSorted()).toEqual(['GET', 'read', 'read', 'webSocketClose', 'webSocketMessage', 'webSocketMessage'])
    expect(sent.find(({ name }) => name === 'GET')?.attributes['http.response.status_code']).toBe(101)
    expect(worker.logs()).toContain('closed with 1000')
    expect(crossed(worker.logs())).toEqual([])
  })

  test('a class that does not extend one of the runtime’s is a Durable Object as well', async () => {
    await using bare = await start('classes-bare.mjs')
    await using worker = await start()
    expect(await call(worker, 'legacy')).toBe('legacy 42 object string')
    expect(await call(bare, 'legacy')).toBe('legacy 42 object string')
    await spans(worker, 1)
    expect(worker.collector.spans).toMatchObject([{ name: 'GET', attributes: { 'cloudflare.entrypoint': 'Legacy' } }])
  })
})

describe(`one object with many concurrent callers, on ${newest.title}`, () => {
  test('work that each caller leaves to the shared context is in the trace of that caller, in at most one POST per flush', async () => {
    await using worker = await newest.startWorker('classes-wrapped.mjs', withClasses(newest))
    expect(await call(worker, 'works')).toEqual(Array.from({ length: 20 }, (_, id) => id))
    await spans(worker, 40)
    const roots = worker.collector.spans.filter(({ name }) => name === 'Room/work')
    const works = worker.collector.spans.filter(({ name }) => name.startsWith('work '))
    expect([roots.length, new Set(works.map(({ name }) => name)).size]).toEqual([20, 20])
    expect(new Set(works.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set(roots.map(({ spanId }) => spanId)))
    const reports = await worker.reported(worker.collector.requests.length)
    expect(reports.flatMap(({ warnings }) => warnings)).toEqual([])
    expect(crossed(worker.logs())).toEqual([])
  })
})

describe(`a WebSocket whose object hibernates, on ${newest.title}`, () => {
  // The time is the runtime's own, and none of its options shortens it.
  const HIBERNATES_MS = 11_000

  test('the next message revives the object, and is an invocation', { timeout: 40_000 }, async () => {
    await using worker = await newest.startWorker('classes-wrapped.mjs', withClasses(newest))
    const socket = await connect(worker)
    expect(await echo(socket, 'before')).toBe('before, 1 constructed')
    await spans(worker, 3)
    await wait(HIBERNATES_MS)
    expect(await echo(socket, 'after')).toBe('after, 2 constructed')
    await spans(worker, 5)
    expect(names(worker.collector.spans).slice(3).toSorted()).toEqual(['read', 'webSocketMessage'])
    expect(crossed(worker.logs())).toEqual([])
    socket.close()
  })
})
