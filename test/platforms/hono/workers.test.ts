/** The middleware in Hono applications on real workerd: alone, and wrapped with `flushed/workers` as well. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { ask, hangUpAfter } from '../../support/raw.ts'
import { type StartedWorker, type WorkerSetup, corners, crossed, names, newest, samples } from '../../support/workers.ts'

const script = (name: string) => `../../platforms/hono/functions/${name}.mjs`

/** The root span of the only request, once it has arrived. */
async function rootOf({ collector }: StartedWorker): Promise<CollectedSpan & { ms: number }> {
  await collector.waitFor(({ spans }) => spans.some(({ kind }) => kind === 'server'), { timeoutMs: 15_000 })
  const roots = collector.spans.filter(({ kind }) => kind === 'server')
  expect(roots).toHaveLength(1)
  const [root] = roots as [CollectedSpan]
  return { ...root, ms: Number(root.endTimeUnixNano - root.startTimeUnixNano) / 1e6 }
}

describe.each(corners)('on $title', ({ startWorker, flags }) => {
  const start = (setup?: WorkerSetup) => startWorker(script('worker'), setup)

  test('a request is an invocation: its root span is named after the route, and is the parent of its spans', async () => {
    await using worker = await start()
    for (const id of ['1', '2']) {
      const answer = (await (await worker.fetch(`/v1/orders/${id}?q=1`)).json()) as { id: string; active?: string }
      expect(answer.id).toBe(id)
      await worker.collector.waitFor(({ spans }) => spans.length === 2 * Number(id))
      const [child, root] = worker.collector.spans.slice(-2) as [CollectedSpan, CollectedSpan]
      expect([child.name, root.name]).toEqual(['find order', 'GET /v1/orders/:id'])
      expect(root.parentSpanId).toBeUndefined()
      expect(root.attributes).toMatchObject({
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'http.route': '/v1/orders/:id',
        'url.path': `/v1/orders/${id}`,
        'url.query': 'q=1',
      })
      expect(root.status.code).toBe('unset')
      if (flags === 'none') continue
      expect(answer.active).toBe(root.spanId)
      expect(child.parentSpanId).toBe(root.spanId)
    }
    const reports = await worker.reported(2)
    expect(reports).toMatchObject([1, 2].map(() => ({ outcome: 'delivered', phase: 'after-response', warnings: [] })))
    expect(crossed(worker.logs())).toEqual([])
  })

  test('work that the application hands to `c.executionCtx.waitUntil` is followed, and its spans are sent apart', async () => {
    await using worker = await start({ behavior: { delayMs: 10 } })
    const asked = performance.now()
    expect(await (await worker.fetch('/later')).text()).toBe('later')
    expect(performance.now() - asked).toBeLessThan(5000)
    const [first, second] = await worker.reported(2)
    expect([first?.phase, second?.phase]).toEqual(['after-response', 'background'])
    expect(names(worker.collector.spans)).toEqual(['GET /later', 'audit'])
    expect(first?.spans.endedByDispose).toBe(0)
  })

  test('a span that is left open is ended with the response', async () => {
    await using worker = await start()
    await worker.fetch('/left')
    const [report] = await worker.reported(1)
    expect(report?.spans.endedByDispose).toBe(1)
  })

  test('a collector that hangs does not delay the response', async () => {
    await using worker = await start({ behavior: 'hang', bindings: { TIMEOUT_MS: 3000 } })
    const asked = performance.now()
    expect(await (await worker.fetch('/')).text()).toBe('hello')
    expect(performance.now() - asked).toBeLessThan(2500)
  })
})

describe(`on ${newest.title}`, () => {
  const { startWorker } = newest
  const start = (setup?: WorkerSetup) => startWorker(script('worker'), setup)

  test.each([
    ['/fails', 500, 'GET /fails', 'RangeError', 'out of stock'],
    ['/v1/orders/0', 503, 'GET /v1/orders/:id', 'RangeError', 'no such order'],
  ])('%s: the root span has the error that became a response', async (path, status, name, type, message) => {
    await using worker = await start()
    expect((await worker.fetch(path)).status).toBe(status)
    const root = await rootOf(worker)
    expect(root).toMatchObject({ name, status: { code: 'error', message } })
    expect(root.attributes).toMatchObject({ 'http.response.status_code': status, 'error.type': type })
    expect(root.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': message } }])
  })

  test('an exception that becomes an answer below 500 is recorded, but is not an error of the server', async () => {
    await using worker = await start()
    expect((await worker.fetch('/teapot')).status).toBe(418)
    const root = await rootOf(worker)
    expect(root).toMatchObject({ name: 'GET /teapot', status: { code: 'unset' } })
    expect(root.events).toMatchObject([{ attributes: { 'exception.message': 'short and stout' } }])
    expect(root.attributes).not.toHaveProperty('error.type')
  })

  test('a thrown value that is not an Error goes on to the runtime, and the root span is an error', async () => {
    await using worker = await start()
    expect((await worker.fetch('/fails/strangely')).status).toBe(500)
    expect(await rootOf(worker)).toMatchObject({ name: 'GET /fails/strangely', status: { code: 'error' } })
  })

  test.each([
    ['/nowhere', 404, 'GET', undefined],
    ['/missing/7', 404, 'GET /missing/:id', '/missing/:id'],
    ['/v1/orders/7?as=nobody', 401, 'GET /v1/orders/:id', '/v1/orders/:id'],
    ['/v1/nowhere', 404, 'GET', undefined],
    ['/guarded/door', 403, 'GET /guarded/door', '/guarded/door'],
    ['/guarded/wall', 403, 'GET /guarded/*', '/guarded/*'],
    ['/admin/users/ann/a/b', 200, 'GET /admin/users/:name/:rest{.+}', '/admin/users/:name/:rest{.+}'],
    ['/anything', 204, 'GET /anything', '/anything'],
    ['/files/a.txt', 200, 'GET /files/*', '/files/*'],
    ['/mounted/x', 200, 'GET /mounted/*', '/mounted/*'],
  ])('%s is answered with %i, and its root span is named `%s`', async (path, status, name, route) => {
    await using worker = await start()
    expect((await worker.fetch(path)).status).toBe(status)
    const root = await rootOf(worker)
    expect(root.name).toBe(name)
    expect(root.attributes['http.route']).toBe(route)
    expect(root.status.code).toBe('unset')
  })

  test('an unknown method is not part of the name of the root span', async () => {
    await using worker = await start()
    await ask(new URL('/anything', worker.url), { method: 'PROPFIND' })
    expect(await rootOf(worker)).toMatchObject({ name: 'HTTP /anything', attributes: { 'http.request.method': '_OTHER' } })
  })

  test('HEAD gets the answer of GET without its body, and is over at once', async () => {
    await using worker = await start()
    const { status, body } = await ask(new URL('/stream', worker.url), { method: 'HEAD' })
    expect([status, body]).toEqual([200, ''])
    const root = await rootOf(worker)
    expect(root).toMatchObject({ name: 'HEAD /stream', attributes: { 'http.request.method': 'HEAD' } })
    expect(root.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test('a WebSocket is upgraded, and passes messages', async () => {
    await using worker = await start()
    const socket = new WebSocket(new URL('/websocket', worker.url))
    const said = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
    socket.addEventListener('open', () => socket.send('hello'))
    expect(await said).toBe('echo hello')
    expect((await rootOf(worker)).attributes['http.response.status_code']).toBe(101)
    socket.close()
  })

  test('a client that hangs up ends the root span, and stops the producer of the body', async () => {
    await using worker = await start()
    await hangUpAfter(new URL('/stream/endless', worker.url), 20)
    expect((await rootOf(worker)).attributes['flushed.response_stream']).toBe('cancelled')
    await expect.poll(() => worker.logs(), { timeout: 3000 }).toMatch(/PRODUCER CANCELLED/)
  })

  test('the root span has the error of the body’s producer', async () => {
    await using worker = await start()
    await ask(new URL('/stream/failing', worker.url))
    expect(await rootOf(worker)).toMatchObject({ status: { code: 'error', message: 'out of chunks' } })
  })
})

const PATHS = ['/', '/v1/orders/0', '/cookies', '/stream', '/stream/helper', '/sse', '/teapot', '/nowhere', '/anything']

describe.each(samples)('on $title', ({ startWorker }) => {
  test('answers have the same status, headers and bytes as without the middleware', async () => {
    await using bare = await startWorker(script('bare-worker'))
    await using worker = await startWorker(script('worker'))
    for (const path of PATHS) expect(await ask(new URL(path, worker.url)), path).toEqual(await ask(new URL(path, bare.url)))
    expect(crossed(worker.logs())).toEqual([])
  })

  test.each(['/stream', '/stream/helper', '/sse'])('the root span of %s lasts as long as the body', async (path) => {
    await using worker = await startWorker(script('worker'))
    const { body } = await ask(new URL(path, worker.url))
    expect(body.match(/chunk|tick/g)).toHaveLength(3)
    const root = await rootOf(worker)
    expect(root.ms).toBeGreaterThan(18)
    expect(root.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test.each(['compress', 'etag'])('answers are the same with the %s middleware above and below that of telemetry', async (kind) => {
    await using bare = await startWorker(script('bare-worker'), { bindings: { APP: kind } })
    await using above = await startWorker(script('worker'), { bindings: { APP: `${kind}-above` } })
    await using below = await startWorker(script('worker'), { bindings: { APP: `${kind}-below` } })
    for (const path of ['/', '/stream', '/cookies']) {
      const options = { headers: { 'accept-encoding': 'gzip' } }
      const expected = await ask(new URL(path, bare.url), options)
      expect(await ask(new URL(path, above.url), options), path).toEqual(expected)
      expect(await ask(new URL(path, below.url), options), path).toEqual(expected)
    }
    for (const worker of [above, below]) {
      await worker.collector.waitFor(({ spans }) => spans.length === 3)
      expect(names(worker.collector.spans)).toEqual(['GET /', 'GET /stream', 'GET /cookies'])
    }
  })
})

describe.each(corners)('wrapped with `flushed/workers` as well, on $title', ({ startWorker }) => {
  test('the request of the middleware is a child span, and the root span is named after the route', async () => {
    await using worker = await startWorker(script('wrapped-worker'))
    await worker.fetch('/v1/orders/7')
    const root = await rootOf(worker)
    expect(root).toMatchObject({ name: 'GET /v1/orders/:id', attributes: { 'http.route': '/v1/orders/:id' } })
    const child = worker.collector.spans.find(({ parentSpanId, name }) => parentSpanId === root.spanId && name !== 'find order')
    expect(child).toMatchObject({ name: 'GET /v1/orders/:id', kind: 'internal', attributes: { 'http.route': '/v1/orders/:id' } })
    expect(child?.attributes['http.response.status_code']).toBe(200)
    // Both share an exporter, which sends one request.
    expect(worker.collector.requests).toHaveLength(1)
  })

  test('an error that became a response is on the child span, where it occurred; the root span is an error by its status', async () => {
    await using worker = await startWorker(script('wrapped-worker'))
    await worker.fetch('/fails')
    const root = await rootOf(worker)
    expect(root).toMatchObject({ status: { code: 'error' }, attributes: { 'error.type': '500' } })
    const child = worker.collector.spans.find(({ parentSpanId }) => parentSpanId === root.spanId)
    expect(child).toMatchObject({ status: { code: 'error', message: 'out of stock' }, events: [{ name: 'exception' }] })
  })

  test('an unknown method is not part of the name of the child span either', async () => {
    await using worker = await startWorker(script('wrapped-worker'))
    await ask(new URL('/nowhere', worker.url), { method: 'PROPFIND' })
    await rootOf(worker)
    expect(names(worker.collector.spans)).toEqual(['HTTP', 'HTTP'])
  })

  test('a request that the application makes to itself does not name the root span', async () => {
    await using worker = await startWorker(script('wrapped-worker'))
    await worker.fetch('/asks-itself')
    expect((await rootOf(worker)).name).toBe('GET /asks-itself')
    expect(names(worker.collector.spans).filter((name) => name === 'GET /v1/orders/:id')).toHaveLength(1)
  })
})
