/**
 * Servers under load, each in a real process, with OpenTelemetry's exporter and a collector on a socket: no span is lost or sent
 * twice, and memory does not grow.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Collector, startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { SERVERS, answered, deliveries, load, startServer } from './process.ts'

const REQUESTS = 2000
/** How much the heap may vary, measured after garbage collection. What one request leaked would add up several thousand times. */
const NOISE_BYTES = 2_000_000

/** The requests whose spans, a root span and its child, were not delivered exactly once. */
const wrong = ({ spans }: Collector, count: number) =>
  deliveries(spans, count).flatMap((found, n) => (found === '1/1' ? [] : [`${n}: ${found}`]))

test.each(SERVERS)('%s delivers each span once, in few exports, with flat memory: 2,000 requests, 50 connections, 5 % abandoned', async (server) => {
  await using collector = await startCollector()
  using app = await startServer(server, collector)
  await load(app.url, 0, REQUESTS)
  await collector.waitFor(({ spans }) => spans.length >= 2 * REQUESTS)
  expect(wrong(collector, REQUESTS)).toEqual([])
  expect(collector.requests.length).toBeLessThan(REQUESTS / 20)

  const before = await app.heap()
  const all = 4 * REQUESTS
  await load(app.url, REQUESTS, all - REQUESTS)
  await collector.waitFor(({ spans }) => spans.length >= 2 * all)
  expect((await app.heap()) - before).toBeLessThan(NOISE_BYTES)

  app.child.kill('SIGTERM')
  expect(await app.exited).toBe('SIGTERM')
  expect(wrong(collector, all)).toEqual([])
  expect(collector.received).toHaveLength(2 * all)
  expect(app.log()).not.toMatch(/lost|not accepted|in time/)
}, 60_000)

describe.concurrent('while requests go on, no span is lost if for ten seconds the collector', () => {
  const OUTAGE_MS = 10_000

  test.each([
    ['refuses connections', 'express', (collector: Collector) => collector.refuse()],
    ['refuses connections', 'node', (collector: Collector) => collector.refuse()],
    ['answers 503', 'fastify', (collector: Collector) => collector.behave({ status: 503 })],
    ['answers 503', 'hono', (collector: Collector) => collector.behave({ status: 503 })],
  ] as const)('%s (%s)', async (_how, server, away) => {
    await using collector = await startCollector()
    using app = await startServer(server, collector)
    let count = 0
    const requestsFor = async (ms: number) => {
      for (const until = Date.now() + ms; Date.now() < until; await sleep(25)) {
        expect(await answered(app.url(`/orders/7?n=${count++}`))).toBe(200)
      }
    }
    await requestsFor(700)
    await away(collector)
    await requestsFor(OUTAGE_MS)
    const during = collector.spans.length
    collector.behave('ok')
    await collector.accept()
    await requestsFor(500)
    await collector.waitFor(({ spans }) => spans.length >= 2 * count, { timeoutMs: 15_000 })
    expect(count - during / 2).toBeGreaterThan(100)
    app.child.kill('SIGTERM')
    expect(await app.exited).toBe('SIGTERM')
    expect(wrong(collector, count)).toEqual([])
    expect(app.log()).toContain('flushed')
  }, 60_000)
})
