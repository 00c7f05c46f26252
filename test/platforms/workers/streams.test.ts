/** Responses that go on after their handler, in real workerd: where the request ends, and what arrives of it. */
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startOrigin } from '../../support/origin.ts'
import { ask, chunksOf, hangUpAfter } from '../../support/raw.ts'
import { CROSSED, type StartedWorker, runtimes } from '../../support/workers.ts'

const streams = runtimes.filter(({ flags }) => flags === 'nodejs_als')

/** The root of the first request, when it has arrived. */
async function rootOf({ collector }: StartedWorker) {
  await collector.waitFor(({ spans }) => spans.some(({ kind }) => kind === 'server'), { timeoutMs: 15_000 })
  const root = collector.spans.find(({ kind }) => kind === 'server')
  if (!root) throw new Error('no root')
  return { ...root, ms: Number(root.endTimeUnixNano - root.startTimeUnixNano) / 1e6, stream: root.attributes['flushed.response_stream'] }
}

describe.each(streams)('on $title', ({ startWorker, binary, compatibilityDate }) => {
  const told = binary.name === 'newest'

  test('five seconds of JavaScript’s chunks, and a span for each: the first go early, the root is as long as the body', async () => {
    await using worker = await startWorker('bodies.mjs')
    const answer = ask(new URL('/counted', worker.url))
    await worker.collector.waitFor(({ spans }) => spans.length > 0)
    expect(worker.collector.spans.every(({ name }) => name.startsWith('chunk'))).toBe(true)
    expect((await answer).body.split('\n')).toHaveLength(51)
    const { ms, stream } = await rootOf(worker)
    expect(ms).toBeGreaterThan(4900)
    expect(stream).toBeUndefined()
    expect(worker.collector.spans).toHaveLength(51)
    // Those that were finished early, and all others.
    expect(worker.collector.requests).toHaveLength(2)
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test.each([
    ['fixed', 1.5],
    ['identity', 1.5],
    ['sse', 5],
    ['js', 5],
    ['js-unencoded', 1.5],
  ])('a %s stream of %d seconds: the root is as long as the body', async (path, seconds) => {
    await using worker = await startWorker('bodies.mjs')
    const { headers } = await ask(new URL(`/${path}?chunks=${seconds * 10}&everyMs=100`, worker.url))
    expect(headers.join(' ')).toMatch(path === 'fixed' ? /Content-Length \d+/ : /chunked/)
    const { ms, stream } = await rootOf(worker)
    expect(ms).toBeGreaterThan(seconds * 960)
    expect(stream).toBeUndefined()
    expect(worker.logs()).not.toMatch(CROSSED)
  })

  test('of what the runtime streams by itself, more than two seconds are not followed', async () => {
    await using worker = await startWorker('bodies.mjs')
    const { body } = await ask(new URL('/fixed?chunks=30&everyMs=100', worker.url))
    expect(body).toMatch(/chunk 29\n$/)
    const { ms, stream } = await rootOf(worker)
    expect(stream).toBe('unknown')
    expect(ms).toBeLessThan(2900)
  })

  test('what comes in chunks of no known length is passed on in large ones: each is dear', async () => {
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
    // What JavaScript fills is filled when it is asked for: the first chunk takes as long as any.
    expect(performance.now() - asked).toBeLessThan(path === 'js' ? 3500 : 1500)
    await reader?.cancel()
  })

  test('the producer’s error is the root’s', async () => {
    await using worker = await startWorker('bodies.mjs')
    await ask(new URL('/js-error', worker.url))
    const { status, attributes } = await rootOf(worker)
    expect(status).toEqual({ code: 'error', message: 'out of chunks' })
    expect(attributes['error.type']).toBe('RangeError')
  })

  test('a body that goes idle ends the root, and then the client’s wait', async () => {
    await using worker = await startWorker('bodies.mjs', { bindings: { IDLE_MS: 300 } })
    const started = performance.now()
    const { body } = await ask(new URL('/idle', worker.url))
    expect(body).toBe('chunk 0\n')
    expect(performance.now() - started).toBeGreaterThan(290)
    expect((await rootOf(worker)).stream).toBe('idle')
  })

  test('a client that hangs up half way ends the root, where the runtime tells; elsewhere, the next request does', async () => {
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

  test('a client that hangs up stops what produces for it, as without us: JavaScript’s chunks, and those from elsewhere', async () => {
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
  ])('a client that hangs up stops what another server sends: events at once, as without us, the rest when two seconds are over (%s)', async (path, timeout) => {
    await using origin = await startOrigin()
    const bindings = { ORIGIN: origin.url }
    const others = { bare: { script: 'bodies-bare.mjs', bindings } }
    await using worker = await startWorker('bodies.mjs', { bindings, serviceBindings: { BEHIND: 'bare' }, others })
    await hangUpAfter(new URL(path, worker.url), 20)
    await expect.poll(() => origin.stopped, { timeout }).toBe(1)
  })

  test.runIf(compatibilityDate > '2026-08-04')('a client that hangs up stops the copy of a native stream, and so what writes to it', async () => {
    await using worker = await startWorker('bodies.mjs')
    await hangUpAfter(new URL('/fixed?chunks=500&everyMs=100', worker.url), 20)
    expect((await rootOf(worker)).stream).toBe('cancelled')
    const written = () => worker.logs().split('WROTE').length
    const soon = written()
    await wait(1000)
    // One, perhaps, that was on its way.
    expect(written() - soon).toBeLessThan(2)
  })

  test.each([
    // What is on the way in sockets is never quite the same.
    ['what the runtime streams: no more is taken ahead of it than by the Worker itself', '/flood', 2.5],
    ['what JavaScript puts into a byte stream: no more than a copy may have', '/flood-bytes', 10.5],
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

  test.each([['HEAD', '/js'], ['HEAD', '/text'], ['GET', '/no-content'], ['GET', '/not-modified'], ['GET', '/text']])('%s %s: over at once', async (method, path) => {
    await using worker = await startWorker('bodies.mjs')
    await ask(new URL(path, worker.url), { method })
    const { stream, ms } = await rootOf(worker)
    expect(stream).toBeUndefined()
    expect(ms).toBeLessThan(500)
    const [report] = await worker.reported(1)
    expect(report).toMatchObject({ outcome: 'delivered', phase: 'after-response' })
    expect(worker.collector.requests).toHaveLength(1)
  })

  test('a WebSocket: upgraded, and it speaks', async () => {
    await using worker = await startWorker('bodies.mjs')
    const socket = new WebSocket(new URL('/websocket', worker.url))
    const said = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
    socket.addEventListener('open', () => socket.send('hello'))
    expect(await said).toBe('echo hello')
    expect((await rootOf(worker)).attributes['http.response.status_code']).toBe(101)
    socket.close()
  })
})
