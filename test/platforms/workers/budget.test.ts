/** How long an invocation may go on after its response, with a fake context and a fake clock. */
import { trace } from '@opentelemetry/api'
import { currentInvocation } from 'flushed'
import type { FlushReport } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { withTelemetry } from 'flushed/workers'
import { beforeEach, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

/** How long the platform keeps a request alive after its response, in milliseconds. */
const PLATFORM_MS = 30_000

let clock = fakeClock()

beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

const after = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))

/** A Worker whose requests hand `work` to `waitUntil`. */
function start(work: () => Promise<unknown>, mode: 'microtask' | 'hold' = 'microtask', told?: () => void) {
  const { exporter, telemetry } = pipeline({ flushIntervalMs: false }, mode)
  const reports: FlushReport[] = []
  const handler = {
    async fetch(_request: Request, _env: object, ctx: { waitUntil(promise: Promise<unknown>): void }) {
      ctx.waitUntil(work())
      return new Response('hello')
    },
  }
  const onFlush = (report: FlushReport) => {
    reports.push(report)
    told?.()
  }
  const worker = withTelemetry(handler, { telemetry, logger: false, onFlush })
  /** Sends a request, and lets everything run that does not wait for time to pass. @returns when all that it has held was over */
  const request = async () => {
    const held = { untilMs: 0 }
    const ctx = { waitUntil: (promise: Promise<unknown>) => void promise.then(() => (held.untilMs = clock.now())) }
    const response = worker.fetch(new Request('https://example.com/'), {}, ctx)
    for (let turn = 0; turn < 3; turn++) await clock.advance(1)
    await response
    return held
  }
  return { exporter, reports, request }
}

const unfinished = ({ name, attributes }: { name: string; attributes: object }) => [name, 'flushed.unfinished' in attributes]

test('work that is over in time has all of the platform’s time except for that of the flush', async () => {
  const { exporter, reports, request } = start(async () => {
    const audit = currentInvocation()?.span('audit')
    await after(26_000)
    audit?.end()
  })
  await request()
  await clock.advance(26_500)
  expect(exporter.spans.map(unfinished)).toEqual([['GET', false], ['audit', false]])
  expect(reports.map(({ phase, warnings }) => [phase, warnings])).toEqual([['after-response', []], ['background', []]])
})

test('work that outlives the platform’s time is reported in time, and its open spans are ended, marked and sent', async () => {
  const { exporter, reports, request } = start(async () => {
    currentInvocation()?.span('audit')
    await after(60_000)
  })
  await request()
  await clock.advance(PLATFORM_MS - 1000)
  expect(exporter.spans.map(unfinished)).toEqual([['GET', false], ['audit', true]])
  expect(reports[1]).toMatchObject({
    phase: 'background',
    outcome: 'delivered',
    spans: { acknowledged: 1, endedByDispose: 1 },
    warnings: ['background work was not over in time'],
  })
})

test('a span that such work records afterwards is late, and is sent at once, since perhaps nothing else comes', async () => {
  const { exporter, reports, request } = start(async () => {
    const invocation = currentInvocation()
    await after(40_000)
    invocation?.span('afterwards').end()
  })
  await request()
  await clock.advance(50_000)
  expect(exporter.spans.map(({ name }) => name)).toEqual(['GET', 'afterwards'])
  expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { late: 1 } })
})

test('a span that `onFlush` records is not late in its turn, or flushes would never end', async () => {
  const work = async () => void after(1000).then(() => currentInvocation()?.span('afterwards').end())
  const { exporter, reports, request } = start(work, 'microtask', () => trace.getTracer('app').startSpan('tell of it').end())
  await request()
  await clock.advance(60_000)
  expect(reports).toHaveLength(2)
  expect(exporter.spans.map(({ name }) => name)).toContain('afterwards')
})

test('a collector that hangs is waited for within the platform’s time, and no longer', async () => {
  const { reports, request } = start(async () => {}, 'hold')
  const held = await request()
  await clock.advance(2000)
  expect(reports).toMatchObject([{ outcome: 'timed_out' }])
  await clock.advance(PLATFORM_MS - 2000)
  expect(held.untilMs).toBeGreaterThan(20_000)
  expect(held.untilMs).toBeLessThan(PLATFORM_MS)
})
