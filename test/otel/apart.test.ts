/**
 * On a platform where no promise may cross from one request to another (`timers: false`, as on Cloudflare Workers), a flush
 * waits only for the exports of its own invocation, and only finished spans are handed on. On a fake platform.
 */
import { makeProvider, sdkVersion } from '#sdk'
import { trace } from '@opentelemetry/api'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type ReadableSpan, newIsolate } from '../support/sdk.ts'
import { setup, wrapped } from './requests-apart.ts'

let clock = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

describe(`with SDK ${sdkVersion}, a flush does not wait for an export that`, () => {
  test('was started outside of any request: its spans are sent again, and the first answer does not count', async () => {
    const { exporter, record, reports, request, sent } = setup({ maxBufferSize: 2 })
    record('one', 'two')
    exporter.setMode('sync')
    await request().end()
    expect(sent()).toEqual([['one', 'two'], ['one', 'two'], ['root']])
    exporter.acknowledge()
    await request().end()
    expect(reports.map(({ spans }) => spans.acknowledged)).toEqual([3, 1])
  })

  test('a request has left to the next flush: its spans are sent again', async () => {
    const { exporter, record, reports, request, sent, telemetry } = setup({ maxBufferSize: 2 })
    const left = request()
    left.run(() => record('one', 'two', 'three'))
    telemetry.defer?.(left.owner)
    exporter.setMode('sync')
    await request().end()
    expect(sent()).toEqual([['one', 'two'], ['one', 'two'], ['three', 'root']])
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 4, pending: 0 } }])
  })

  test('was unanswered when its own flush was over, however many such exports hang', async () => {
    const { exporter, reports, request } = setup()
    for (let i = 0; i < 40; i++) {
      const end = request().end()
      await clock.advance(2000)
      await end
    }
    expect(exporter.exports.at(-1)?.spans).toHaveLength(40)
    exporter.setMode('sync')
    await request().end()
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 41, pending: 0, carriedOver: 0 } })
  })

  test('has to be answered before there is room for another: it polls until there is room', async () => {
    const { exporter, reports, request } = setup()
    const ends = Array.from({ length: 25 }, () => request().end())
    expect(exporter.inFlight).toBe(20)
    exporter.acknowledge(3)
    expect(exporter.inFlight).toBe(17)
    await clock.advance(20)
    expect(exporter.inFlight).toBe(20)
    for (let round = 0; round < 2; round++) {
      exporter.acknowledge()
      await clock.advance(20)
    }
    await Promise.all(ends)
    expect(new Set(exporter.spans.map((span) => span.spanContext().spanId)).size).toBe(25)
    expect(reports.map(({ outcome }) => outcome)).toEqual(Array(25).fill('delivered'))
  })

  test('a killed request has left: that takes up room until no request can still be waiting for it', async () => {
    const { exporter, record, reports, request } = setup({ maxBufferSize: 2 })
    for (let i = 0; i < 20; i++) request().run(() => record('a', 'b'))
    exporter.setMode('sync')
    const end = request().end()
    await clock.advance(2000)
    await end
    expect(reports).toMatchObject([{ outcome: 'timed_out', spans: { pending: 1 } }])
    await clock.advance(30_000)
    expect(exporter.spans.map(({ name }) => name)).toEqual(['root'])
  })

  test('was sent less than 30 seconds ago: that takes up room, and is not taken for dead', async () => {
    const { exporter, reports, request } = setup()
    await clock.advance(60_000)
    const ends = Array.from({ length: 22 }, () => request().end())
    await clock.advance(1000)
    expect(exporter.inFlight).toBe(20)
    exporter.acknowledge()
    await clock.advance(20)
    exporter.acknowledge()
    await Promise.all(ends)
    expect(reports.map(({ spans }) => spans)).toMatchObject(Array(22).fill({ acknowledged: 1, pending: 0 }))
  })

  test('belongs to another request, so it does not call the exporter’s own `forceFlush`, which would', async () => {
    const { exporter, request } = setup()
    const forceFlush = vi.spyOn(exporter, 'forceFlush')
    const first = request().end()
    await clock.advance(100)
    expect(forceFlush).toHaveBeenCalledTimes(1) // an exporter with its own buffer may answer only then
    const second = request().end()
    await clock.advance(1000)
    exporter.acknowledge(1)
    await first
    expect(forceFlush).toHaveBeenCalledTimes(1)
    exporter.acknowledge(1)
    await second
    expect(forceFlush).toHaveBeenCalledTimes(2)
  })
})

test('unanswered exports of killed requests do not keep a later request from sending a full buffer', async () => {
  const { record, request, sent } = setup({ maxBufferSize: 2, maxQueueSize: 4 })
  for (let i = 0; i < 10; i++) request().run(() => record('a', 'b', 'c', 'd'))
  expect(sent()).toHaveLength(20)
})

describe('spans of no request', () => {
  test('that fill a buffer wait for the next flush, since no request would wait for their export', async () => {
    const { record, request, sent } = setup({ maxBufferSize: 2 }, 'sync')
    await request().end()
    record('nobody’s', 'nor this')
    expect(sent()).toEqual([['root']])
    await request().end()
    expect(sent()).toEqual([['root'], ['nobody’s', 'nor this'], ['root']])
  })

  test('are the only ones that `forceFlush()` outside of a request sends', async () => {
    const { provider, record, request, sent } = setup({}, 'sync')
    const { run, end } = request()
    run(() => record('mine'))
    record('nobody’s')
    await provider.forceFlush()
    expect(sent()).toEqual([['nobody’s']])
    await end()
    expect(sent()).toEqual([['nobody’s'], ['mine', 'root']])
  })
})

test('`forceFlush()` in a request sends, and waits for, only that request’s spans', async () => {
  const { exporter, provider, record, request, sent } = setup({ maxBufferSize: 2 })
  const other = request()
  other.run(() => record('one', 'two', 'three'))
  exporter.setMode('sync')
  const { run } = request()
  await run(() => {
    record('mine')
    return provider.forceFlush()
  })
  expect(sent()).toEqual([['one', 'two'], ['mine']])
  expect(exporter.inFlight).toBe(1)
})

test('a flush does not wait for attributes of a resource, which another request may be detecting', async () => {
  const { exporter, request, telemetry } = setup({}, 'sync')
  const waitForAsyncAttributes = vi.fn(() => new Promise<never>(() => {}))
  const { run, end } = request()
  telemetry.spanProcessor.onEnd({
    spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }),
    resource: { asyncAttributesPending: true, waitForAsyncAttributes },
  })
  run(() => {})
  await end()
  expect(exporter.spans).toHaveLength(2)
  expect(waitForAsyncAttributes).not.toHaveBeenCalled()
})

/** A request that has sent a span through a tracked exporter. */
function tracking() {
  const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
  const telemetry = otel({ tracerProvider: false })
  const tracked = telemetry.track(exporter)
  trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
  const { reports, request } = wrapped(telemetry)
  const using = request()
  using.run(() => tracked.export([trace.getTracer('app').startSpan('span') as unknown as ReadableSpan], () => {}))
  return { exporter, telemetry, reports, request, using }
}

test('a tracked exporter is waited for only by the request that has used it', async () => {
  const { exporter, telemetry, reports, request, using } = tracking()
  await request().end()
  expect(reports).toMatchObject([{ outcome: 'nothing_to_send', spans: { pending: 0 } }])

  const end = using.end()
  await clock.advance(2000)
  await end
  expect(reports[1]).toMatchObject({ outcome: 'timed_out', spans: { pending: 1 } })

  const answered = telemetry.answered?.(using.owner)
  exporter.acknowledge()
  await answered
  expect(telemetry.answered?.(using.owner)).toBeUndefined()
  await request().end()
  expect(reports[2]).toMatchObject({ spans: { acknowledged: 1 } })
})

test('spans that a tracked exporter refuses after the flush of their request are in the next report', async () => {
  const { exporter, reports, request, using } = tracking()
  const end = using.end()
  await clock.advance(2000)
  await end
  exporter.fail()
  await request().end()
  expect(reports).toMatchObject([{ spans: { pending: 1 } }, { spans: { failed: 1 } }])
})

test('if there is no timer to poll with, all exports go out at once, however many there are', async () => {
  const { exporter, request } = setup()
  useClock({ ...clock, setTimeout: () => { throw new Error('no timers here') } })
  for (let i = 0; i < 21; i++) void request().end()
  await new Promise(setImmediate)
  expect(exporter.inFlight).toBe(21)
})
