/**
 * Where no promise may cross from one request to another (a platform with `timers: false`, as Cloudflare Workers will
 * be): a flush waits for the exports of its own invocation, and only finished spans are handed on. On a fake of one.
 */
import { makeProvider, sdkVersion } from '#sdk'
import { SpanKind, context, trace } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import { type OtelOptions, otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { begin } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Platform } from '../../src/core/platform.ts'
import type { Telemetry } from '../../src/core/types.ts'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'

let clock = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

const platform: Platform = {
  name: 'apart',
  timers: false,
  describe: (_args, parent) => ({ name: 'root', kind: SpanKind.SERVER, attributes: {}, links: [], parent }),
}

function wrapped(telemetry: Telemetry) {
  const reports: FlushReport[] = []
  const config = resolveOptions({ telemetry, logger: false, onFlush: (report) => void reports.push(report) })
  /** A request that is being handled. One that is not ended is one that its platform has killed. */
  const request = () => {
    const begun = begin({ config, platform }, 'handler', [])
    if (!begun) throw new Error('nothing was opened')
    const { owner } = begun
    const run = <T>(step: () => T) => context.with(begun.context, step)
    return { owner, run, end: async () => void (await begun.settle({ result: undefined })) }
  }
  return { reports, request }
}

function setup(options: OtelOptions = {}, mode: 'sync' | 'hold' = 'hold') {
  const made = pipeline(options, mode)
  const record = (...names: string[]) => names.forEach((name) => made.tracer.startSpan(name).end())
  const sent = () => made.exporter.exports.map(({ spans }) => spans.map(({ name }) => name))
  return { ...made, ...wrapped(made.telemetry), record, sent }
}

describe(`with SDK ${sdkVersion}, a flush does not wait for an export that`, () => {
  test('nobody has started: its spans go out again, and the answer to the first does not count', async () => {
    const { exporter, record, reports, request, sent } = setup({ maxBufferSize: 2 })
    record('one', 'two')
    exporter.setMode('sync')
    await request().end()
    expect(sent()).toEqual([['one', 'two'], ['one', 'two'], ['root']])
    exporter.acknowledge()
    await request().end()
    expect(reports.map(({ spans }) => spans.acknowledged)).toEqual([3, 1])
  })

  test('a request has left to the next flush', async () => {
    const { exporter, record, reports, request, sent, telemetry } = setup({ maxBufferSize: 2 })
    const left = request()
    left.run(() => record('one', 'two', 'three'))
    telemetry.defer?.(left.owner)
    exporter.setMode('sync')
    await request().end()
    expect(sent()).toEqual([['one', 'two'], ['one', 'two'], ['three', 'root']])
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 4, pending: 0 } }])
  })

  test('had not been answered when its own flush was over, however many of them hang', async () => {
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

  test('has to be answered before there is room for another one: it looks, and nobody tells it', async () => {
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

  test('a killed request has left: it takes up room until no request can still be waiting for it', async () => {
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

  test('is under way, and not dead yet: it takes room for 30 seconds', async () => {
    const { exporter, request } = setup()
    await clock.advance(60_000)
    const ends = Array.from({ length: 21 }, () => request().end())
    await clock.advance(1000)
    expect(exporter.inFlight).toBe(20)
    exporter.acknowledge()
    await clock.advance(20)
    exporter.acknowledge()
    await Promise.all(ends)
  })

  test('an exporter’s own `forceFlush` would wait for', async () => {
    const { exporter, request } = setup()
    const forceFlush = vi.spyOn(exporter, 'forceFlush')
    const first = request().end()
    await clock.advance(100)
    expect(forceFlush).toHaveBeenCalledTimes(1) // one with a buffer of its own may answer only then
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

test('what killed requests have left unanswered does not keep a later one from sending a full buffer', async () => {
  const { record, request, sent } = setup({ maxBufferSize: 2, maxQueueSize: 4 })
  for (let i = 0; i < 10; i++) request().run(() => record('a', 'b', 'c', 'd'))
  expect(sent()).toHaveLength(20)
})

describe('spans of no request', () => {
  test('are not sent by a request that would not wait for them, but with the next flush', async () => {
    const { record, request, sent } = setup({ maxBufferSize: 2 }, 'sync')
    await request().end()
    record('nobody’s', 'nor this')
    expect(sent()).toEqual([['root']])
    await request().end()
    expect(sent()).toEqual([['root'], ['nobody’s', 'nor this'], ['root']])
  })

  test('are all that `forceFlush()` outside of a request sends', async () => {
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

test('`forceFlush()` in a request sends, and waits for, what is that request’s', async () => {
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

test('what a resource is still waiting for is not waited for: another request may have to find it out', async () => {
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

test('a tracked exporter is waited for by the request that has used it, and by no other', async () => {
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

test('what a tracked exporter refuses after the flush of the request is told of in the next report', async () => {
  const { exporter, reports, request, using } = tracking()
  const end = using.end()
  await clock.advance(2000)
  await end
  exporter.fail()
  await request().end()
  expect(reports).toMatchObject([{ spans: { pending: 1 } }, { spans: { failed: 1 } }])
})

test('where there is no timer either, as many exports as there are go out at once', async () => {
  const { exporter, request } = setup()
  useClock({ ...clock, setTimeout: () => { throw new Error('no timers here') } })
  for (let i = 0; i < 21; i++) void request().end()
  await new Promise(setImmediate)
  expect(exporter.inFlight).toBe(21)
})
