/** The circuit breaker, with an in-memory exporter that never answers, on a fake clock. */
import { trace } from '@opentelemetry/api'
import { makeProvider } from '#sdk'
import type { FlushReport } from 'flushed'
import { waitUntil, withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ReadableSpan, newIsolate } from '../../support/sdk.ts'

const TIMEOUT_MS = 2000

let time = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((time = fakeClock()))
})
afterEach(() => useClock(undefined))

function deployed(options: { circuitBreaker?: boolean; maxQueueSize?: number } = {}) {
  const { maxQueueSize = 2048, ...lambda } = options
  const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
  const telemetry = otel({ exporter, maxQueueSize, maxBufferSize: Math.min(512, maxQueueSize) })
  trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
  const lines: string[] = []
  const reports: FlushReport[] = []
  const logger = { warn: (line: string) => void lines.push(line) }
  const work = async ({ work }: { work?: Promise<void> }, _context: object) => {
    if (work) waitUntil(work)
    return 'done'
  }
  const handler = withTelemetry(work, {
    telemetry,
    timeoutMs: TIMEOUT_MS,
    onFlush: (report) => reports.push(report),
    logger,
    ...lambda,
  })
  /** Invokes, and lets as much time pass as the flush may take. Returns the milliseconds until the response. */
  const invoke = async (event: { work?: Promise<void> } = {}): Promise<number> => {
    const before = time.now()
    let settledAt: number | undefined
    const run = handler(event, { getRemainingTimeInMillis: () => 60_000 })
    void Promise.resolve(run).then(() => (settledAt = time.now()))
    // A flush after an idle time gives the event loop some turns first.
    for (let turn = 0; turn < 3; turn++) await time.tick()
    if (settledAt === undefined) await time.advance(TIMEOUT_MS)
    return (settledAt ?? Number.NaN) - before
  }
  const breaks = () => lines.filter((line) => line.includes('flushing pauses'))
  return { exporter, reports, invoke, breaks, lines }
}

describe('a collector that never answers', () => {
  test('delays responses for ten seconds; then they no longer wait, and one line in the log says so', async () => {
    const { invoke, breaks, exporter } = deployed()
    const waits = []
    for (let i = 0; i < 8; i++) waits.push(await invoke())
    expect(waits).toEqual([2000, 2000, 2000, 2000, 2000, 0, 0, 0])
    expect(breaks()).toHaveLength(1)
    expect(exporter.exports).toHaveLength(5)
  })

  test('is probed after five seconds, then after ten', async () => {
    const { invoke, breaks } = deployed()
    for (let i = 0; i < 5; i++) await invoke()
    const waits = []
    for (const ms of [4999, 1, 9999, 1]) {
      await time.advance(ms)
      waits.push(await invoke())
    }
    expect(waits).toEqual([0, 2000, 0, 2000])
    expect(breaks()).toHaveLength(1)
  })

  test('does not affect background work: the response waits for that as ever, and for nothing else', async () => {
    const { invoke } = deployed()
    for (let i = 0; i < 5; i++) await invoke()
    const work = Promise.withResolvers<void>()
    time.setTimeout(work.resolve, 300)
    expect(await invoke({ work: work.promise })).toBe(300)
    expect(await invoke({ work: new Promise(() => {}) })).toBe(TIMEOUT_MS / 2)
  })

  test('gets every span once it is back, and a line in the log says that the pause is over', async () => {
    const { invoke, exporter, reports, lines } = deployed()
    for (let i = 0; i < 8; i++) await invoke()
    await time.advance(5000)
    exporter.setMode('microtask')
    expect(await invoke()).toBe(0)
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 9, pending: 0, failed: 0 } })
    expect(lines.at(-1)).toBe('flushed: the collector answers again; flushing goes on')
    expect(await invoke()).toBe(0)
    expect(reports.at(-1)).toMatchObject({ spans: { acknowledged: 1 } })
  })

  test('costs the spans that exceed `maxQueueSize`, and the report has their exact number', async () => {
    const { invoke, exporter, reports } = deployed({ maxQueueSize: 6 })
    for (let i = 0; i < 10; i++) await invoke()
    await time.advance(5000)
    exporter.setMode('microtask')
    await invoke()
    expect(reports.at(-1)).toMatchObject({ spans: { acknowledged: 7, failed: 4 } })
  })

  test('delays every response if the breaker is switched off', async () => {
    const { invoke, breaks } = deployed({ circuitBreaker: false })
    const waits = []
    for (let i = 0; i < 7; i++) waits.push(await invoke())
    expect(waits).toEqual(Array(7).fill(2000))
    expect(breaks()).toEqual([])
  })
})

test('a collector that answers now and then does not make flushing pause', async () => {
  const { invoke, exporter, breaks } = deployed()
  for (let i = 0; i < 12; i++) {
    exporter.setMode(i % 4 === 3 ? 'microtask' : 'hold')
    await invoke()
  }
  expect(breaks()).toEqual([])
})
