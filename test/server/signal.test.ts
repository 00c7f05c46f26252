/**
 * Servers in real processes that are told to end. They answer the requests in flight, send what has not been sent, and then end as
 * they would without `flushed`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Collector, startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { SERVERS, type Server, type Settings, answered, startServer } from './process.ts'

const IN_FLIGHT = 20

/** Starts a server, and sends it requests that it begins to serve. */
async function busy(server: Server, collector: Collector, settings: Settings = {}) {
  const app = await startServer(server, collector, settings)
  const answers = Array.from({ length: IN_FLIGHT }, (_, n) => answered(app.url(`/held/${n}`)))
  // Connections are accepted in order: when this request is answered, the server has begun to serve all others.
  await answered(app.url('/slow/50'))
  return Object.assign(app, { answers: Promise.all(answers), release: () => app.child.send('release') })
}

const ok = Array(IN_FLIGHT).fill(200)

/** The paths of the root spans that were delivered, and how many other spans were. */
function delivered({ spans }: Collector) {
  const paths = spans.flatMap(({ attributes }) => attributes['url.path'] ?? []).toSorted()
  return { held: paths.filter((path) => String(path).startsWith('/held/')), paths, children: spans.length - paths.length }
}

const held = Array.from({ length: IN_FLIGHT }, (_, n) => `/held/${n}`).toSorted()

/** How a server ends without `flushed`. */
async function bareEnd(collector: Collector, signal: 'SIGTERM' | 'SIGINT', onSignal?: 'close') {
  using bare = await startServer('node', collector, { kind: 'batch', ...(onSignal && { onSignal }) })
  bare.child.kill(signal)
  return await bare.exited
}

describe.concurrent('with 20 requests in flight', () => {
  test.each([...SERVERS, 'express4'] as const)('on SIGTERM, %s answers them, sends their spans, and is ended by the signal as without `flushed`', async (server) => {
    await using collector = await startCollector()
    using app = await busy(server, collector)
    app.child.kill('SIGTERM')
    await sleep(100)
    app.release()
    expect(await app.answers).toEqual(ok)
    expect(await app.exited).toBe(await bareEnd(collector, 'SIGTERM'))
    expect(delivered(collector)).toMatchObject({ held, children: IN_FLIGHT + 1 })
    expect(collector.received).toHaveLength(2 * IN_FLIGHT + 2)
  })

  test('on SIGINT, node does the same', async () => {
    await using collector = await startCollector()
    using app = await busy('node', collector)
    app.child.kill('SIGINT')
    await sleep(100)
    app.release()
    expect(await app.answers).toEqual(ok)
    expect(await app.exited).toBe(await bareEnd(collector, 'SIGINT'))
    expect(delivered(collector)).toMatchObject({ held, children: IN_FLIGHT + 1 })
  })

  test.each(['node', 'fastify'] as const)('on SIGTERM, %s answers them all and keeps the exit code of an application that closes and exits itself', async (server) => {
    await using collector = await startCollector()
    using app = await busy(server, collector, { onSignal: 'close' })
    app.child.kill('SIGTERM')
    await sleep(100)
    app.release()
    expect(await app.answers).toEqual(ok)
    expect(await app.exited).toBe(await bareEnd(collector, 'SIGTERM', 'close'))
  })

  test.each(SERVERS)('on SIGTERM, %s delivers all spans and keeps the exit code of an application that awaits `drain()`', async (server) => {
    await using collector = await startCollector()
    collector.behave({ delayMs: 200 })
    using app = await busy(server, collector, { onSignal: 'drain' })
    app.child.kill('SIGTERM')
    await sleep(100)
    app.release()
    expect(await app.answers).toEqual(ok)
    expect(await app.exited).toBe(7)
    expect(delivered(collector)).toMatchObject({ held, children: IN_FLIGHT + 1 })
  })

  test('after SIGTERM, new connections are served as long as the application accepts them', async () => {
    await using collector = await startCollector()
    using app = await busy('express', collector)
    app.child.kill('SIGTERM')
    await sleep(100)
    expect(await answered(app.url('/orders/new'))).toBe(200)
    app.release()
    expect(await app.answers).toEqual(ok)
    await app.exited
    expect(delivered(collector).paths).toContain('/orders/new')
  })

  test('after SIGTERM, requests that are answered during the last flush are delivered as well', async () => {
    await using collector = await startCollector()
    collector.behave({ delayMs: 500 })
    using app = await startServer('express', collector)
    await answered(app.url('/orders/before'))
    app.child.kill('SIGTERM')
    await sleep(100)
    expect(await answered(app.url('/orders/new'))).toBe(200)
    await app.exited
    expect(delivered(collector)).toMatchObject({ paths: ['/orders/before', '/orders/new'], children: 2 })
  })

  test('repeated SIGTERMs do not end the process before the last flush', async () => {
    await using collector = await startCollector()
    collector.behave({ delayMs: 300 })
    using app = await busy('node', collector)
    for (let n = 0; n < 5; n++) {
      app.child.kill('SIGTERM')
      await sleep(20)
      if (n === 2) app.release()
    }
    expect(await app.answers).toEqual(ok)
    app.child.kill('SIGTERM')
    expect(await app.exited).toBe('SIGTERM')
    expect(delivered(collector)).toMatchObject({ held, children: IN_FLIGHT + 1 })
  })

  test('a second SIGINT ends the process at once, unless it is an echo within a second of the first', async () => {
    await using collector = await startCollector()
    using app = await busy('node', collector)
    app.child.kill('SIGINT')
    await sleep(200)
    app.child.kill('SIGINT')
    // The time for an echo is real time.
    await sleep(1000)
    expect(app.child.exitCode ?? app.child.signalCode).toBeNull()
    app.child.kill('SIGINT')
    expect(await app.exited).toBe('SIGINT')
    expect(await app.answers).toEqual(Array(IN_FLIGHT).fill('ECONNRESET'))
  })
})

describe.concurrent('within `drainMs`', () => {
  const options = { drainMs: 1500, timeoutMs: 500 }

  test('the process ends though the collector hangs, and logs how many spans were not acknowledged', async () => {
    await using collector = await startCollector({ behavior: 'hang' })
    using app = await busy('node', collector, { options })
    const since = performance.now()
    app.child.kill('SIGTERM')
    await sleep(100)
    app.release()
    expect(await app.answers).toEqual(ok)
    expect(await app.exited).toBe('SIGTERM')
    expect(performance.now() - since).toBeLessThan(1500 + 500)
    expect(app.log().trim().split('\n').at(-1)).toMatch(/^flushed: .*42 spans not acknowledged in time/)
  })

  test('the process ends though requests do not: they are cut, and their spans are delivered as errors', async () => {
    await using collector = await startCollector()
    using app = await busy('express', collector, { options })
    const since = performance.now()
    app.child.kill('SIGTERM')
    expect(await app.exited).toBe('SIGTERM')
    expect(performance.now() - since).toBeGreaterThan(options.drainMs - options.timeoutMs - 50)
    expect(performance.now() - since).toBeLessThan(1500 + 500)
    expect(await app.answers).toEqual(Array(IN_FLIGHT).fill('ECONNRESET'))
    expect(delivered(collector).held).toEqual(held)
    const [cut] = collector.spans.filter(({ attributes }) => attributes['url.path'] === '/held/0')
    expect(cut?.status).toEqual({ code: 'error', message: expect.stringContaining('SIGTERM') })
  })
})

test('a process that has nothing left to do sends its spans, and ends as without `flushed`', async () => {
  await using collector = await startCollector()
  using app = await startServer('node', collector)
  await answered(app.url('/orders/1'))
  app.child.send('close')
  expect(await app.exited).toBe(0)
  expect(delivered(collector)).toMatchObject({ paths: ['/orders/1'], children: 1 })
})

test('a process that has nothing left to do resends what the collector refused before it recovered', async () => {
  await using collector = await startCollector({ behavior: { status: 500 } })
  using app = await startServer('node', collector, { options: { timeoutMs: 500 } })
  await answered(app.url('/orders/1'))
  while (!app.log().includes('flushed: ')) await sleep(10)
  collector.behave('ok')
  app.child.send('close')
  expect(await app.exited).toBe(0)
  expect(delivered(collector)).toMatchObject({ paths: ['/orders/1'], children: 1 })
})
