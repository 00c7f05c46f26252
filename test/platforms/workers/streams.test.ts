/** Responses that go on after their handler, on real workerd: where the request ends, and which of its spans arrive. */
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startOrigin } from '../../support/origin.ts'
import { ask, chunksOf, hangUpAfter } from '../../support/raw.ts'
import { type StartedWorker, crossed, runtimes } from '../../support/workers.ts'

const streams = runtimes.filter(({ flags }) => flags === 'nodejs_als')

/** The root span of the first request, once it has arrived. */
async function rootOf({ collector }: StartedWorker) {
  await collector.waitFor(({ spans }) => spans.some(({ kind }) => kind === 'server'), { timeoutMs: 15_000 })
  const root = collector.spans.find(({ kind }) => kind === 'server')
  if (!root) throw new Error('no root')
  return { ...root, ms: Number(root.endTimeUnixNano - root.startTimeUnixNano) / 1e6, stream: root.attributes['flushed.response_stream'] }
}

describe.each(streams)('on $title', ({ startWorker, binary, compatibilityDate }) => {
  const told = binary.name === 'newest'

  test('a JavaScript stream of five seconds, with a span per chunk: the first go early, the root lasts as long as the body', async () => {
    await using worker = await startWorker('bodies.mjs')
    const answer = ask(new URL('/counted', worker.url))
    await worker.collector.waitFor(({ spans }) => spans.length > 0)
    expect(worker.collector.spans.every(({ name }) => name.startsWith('chunk'))).toBe(true)
    expect((await answer).body.split('\n')).toHaveLength(51)
    const { ms, stream } = await rootOf(worker)
    expect(ms).toBeGreaterThan(4900)
    expect(stream).toBeUndefined()
    expect(worker.collector.spans).toHaveLength(51)
    // One for the spans that ended early, and one for all others.
    expect(worker.collector.requests).toHaveLength(2)
    expect(crossed(worker.logs())).toEqual([])
  })

  test.each([
    ['fixed', 1.5],
    ['identity', 1.5],
    ['sse', 5],
    ['js', 5],
    ['js-unencoded', 1.5],
  ])('the root span of a %s stream of %d seconds lasts as long as the body', async (path, seconds) => {
    await using worker = await startWorker('bodies.mjs')
    const { headers } = await ask(new URL(`/${path}?chunks=${seconds * 10}&everyMs=100`, worker.url))
    expect(headers.join(' ')).toMatch(path === 'fixed' ? /Content-Length \d+/ : /chunked/)
    const { ms, stream } = await rootOf(worker)
    expect(ms).toBeGreaterThan(seconds * 960)
    expect(stream).toBeUndefined()
    expect(crossed(worker.logs())).toEqual([])
  })

  test('a body that the runtime streams by itself is not followed for more than two seconds', async () => {
    await using worker = await startWorker('bodies.mjs')
    const { body } = await ask(new URL('/fixed?chunks=30&everyMs=100', worker.url))
    expect(body).toMatch(/chunk 29\n$/)
    const { ms, stream } = await rootOf(worker)
    expect(stream).toBe('unknown')
    expect(ms).toBeLessThan(2900)
  })

  test('a body in chunks of no known length is passed on in large chunks, since each is expensive', async () => {
    await using origin = await startOrigin()
    await using worker = await startWorker('bodies.mjs', { bindings: { ORIGIN: origin.url } })
    expect(Math.max(...(await chunksOf(new URL('/from-large', worker.url))))).toBeGreaterThan(16_384)
    expect(await rootOf(worker)).toMatchObject({ stream: undefined })
  })

  test.each(['fixed', 'identity', 'js'])('the first bytes of a %s stream do not wait for the next', async (path) => {
    await using worker = await startWorker('bodies.mjs')
    const response = await worker.fetch(`/${path}?chunks=2&everyMs=2000`)
    const reader = response.body?.getReader()
    const asked = performance.now()
    await reader?.read()
    // JavaScript fills a stream on demand: the first chunk takes as long as any.
    expect(performance.now() - asked).toBeLessThan(path === 'js' ? 3500 : 1500)
    await reader?.cancel()
  })

  test('the root span has the error of the body’s producer', async () => {
    await using worker = await startWorker('bodies.mjs')
    await ask(new URL('/js-error', worker.url))
    const { status, attributes } = await rootOf(worker)
    expect(status).toEqual({ code: 'error', message: 'out of chunks' })
    expect(attributes['error.type']).toBe('RangeError')
  })

  test('a body that goes idle ends the root span, and then the wait of the client', async () => {
    await using worker = await startWorker('bodies.mjs', { bindings: { IDLE_MS: 300 } })
    const started = performance.now()
    const { body } = await ask(new URL('/idle', worker.url))
    expect(body).toBe('chunk 0\n')
    expect(performance.now() - started).toBeGreaterThan(290)
    expect((await rootOf(worker)).stream).toBe('idle')
  })

  test('a client that hangs up midway ends the root span if the runtime tells; if not, the next request does', async () => {
    await using worker = await startWorker('bodies.mjs', { bindings: { IDLE_MS: 500 } })
    await hangUpAfter(new URL('/js?chunks=50&everyMs=100', worker.url), 20)
    if (!told) {
      await wait(1000)
      expect(worker.collector.spans).toEqual([])
      await worker.fetch('/no-content')
    }
    const { stream, ms } = await rootOf(worker)
    if (told) expect(stream).toBe('cancelled')
    expect(ms).toBeLessThan(told ? 2000 : 5000)
  })

  test('a client that hangs up stops the producer as without `flushed`: a JavaScript stream, or another server', async () => {
    await using origin = await startOrigin()
    await using worker = await startWorker('bodies.mjs', { bindings: { ORIGIN: origin.url } })
    await hangUpAfter(new URL('/again-endless', worker.url), 20)
    await expect.poll(() => origin.stopped, { timeout: 3000 }).toBe(1)
    if (!told) return
    await hangUpAfter(new URL('/js?chunks=500&everyMs=100', worker.url), 20)
    await expect.poll(() => worker.logs(), { timeout: 3000 }).toMatch(/PRODUCER CANCELLED/)
  })

  test.each([
    ['/events-endless', 1500],
    ['/bound-events-endless', 1500],
    ['/lines-endless', 4000],
  ])('a client that hangs up stops another server: events at once, as without `flushed`, other bodies after two seconds (%s)', async (path, timeout) => {
    await using origin = await startOrigin()
    const bindings = { ORIGIN: origin.url }
    const others = { bare: { script: 'bodies-bare.mjs', bindings } }
    await using worker = await startWorker('bodies.mjs', { bindings, serviceBindings: { BEHIND: 'bare' }, others })
    await hangUpAfter(new URL(path, worker.url), 20)
    await expect.poll(() => origin.stopped, { timeout }).toBe(1)
  })

  test.runIf(compatibilityDate > '2026-08-04')('a client that hangs up stops the copy of a native stream, and so its writer', async () => {
    await using worker = await startWorker('bodies.mjs')
    await hangUpAfter(new URL('/fixed?chunks=500&everyMs=100', worker.url), 20)
    expect((await rootOf(worker)).stream).toBe('cancelled')
    const written = () => worker.logs().split('WROTE').length
    const soon = written()
    await wait(1000)
    // At most one, which was on its way.
    expect(written() - soon).toBeLessThan(2)
  })

  test.each([
    // How much is on its way in sockets is never quite the same.
    ['a stream of the runtime: no more is read ahead than by the Worker itself', '/flood', 2.5],
    ['a byte stream that JavaScript fills: no more is read ahead than a copy may have', '/flood-bytes', 10.5],
  ])('a client that reads nothing of %s', async (_what, path, mostMb) => {
    const taken = async (script: string) => {
      await using worker = await startWorker(script)
      const asked = request(new URL(path, worker.url), { agent: false }, (response) => response.pause())
      asked.on('error', () => {})
      asked.end()
      let before = -1
      let now = 0
      while (now !== before) {
        before = now
        await wait(500)
        now = worker.logs().split('PRODUCED').length
      }
      asked.destroy()
      return now * 65_536
    }
    const [bare, wrapped] = [await taken('bodies-bare.mjs'), await taken('bodies.mjs')]
    expect(wrapped - bare).toBeLessThan(mostMb * (1 << 20))
    expect(wrapped).toBeLessThan(20 << 20)
  })

  test.each([['HEAD', '/js'], ['HEAD', '/text'], ['GET', '/no-content'], ['GET', '/not-modified'], ['GET', '/text']])('%s %s is over at once', async (method, path) => {
    await using worker = await startWorker('bodies.mjs')
    await ask(new URL(path, worker.url), { method })
    const { stream, ms } = await rootOf(worker)
    expect(stream).toBeUndefined()
    expect(ms).toBeLessThan(500)
    const [report] = await worker.reported(1)
    expect(report).toMatchObject({ outcome: 'delivered', phase: 'after-response' })
    expect(worker.collector.requests).toHaveLength(1)
  })

  test('a WebSocket is upgraded, and passes messages', async () => {
    await using worker = await startWorker('bodies.mjs')
    const socket = new WebSocket(new URL('/websocket', worker.url))
    const said = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
    socket.addEventListener('open', () => socket.send('hello'))
    expect(await said).toBe('echo hello')
    expect((await rootOf(worker)).attributes['http.response.status_code']).toBe(101)
    socket.close()
  })
})
