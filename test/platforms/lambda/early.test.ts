/** When an invocation counts as about to time out, by what its context says, on a fake clock. */
import { AsyncResource } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { makeProvider } from '#sdk'
import { currentInvocation, span } from 'flushed'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { type FakeClock, fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../../support/sdk.ts'

let time: FakeClock
beforeEach(() => {
  newIsolate()
  useClock((time = fakeClock()))
})
afterEach(() => useClock(undefined))

/** Prepares a handler that takes `ms` milliseconds, in an invocation whose context says that `left` are left. */
function invoking(ms: number, left: number, earlyTimeoutMs?: number) {
  const exporter = inMemoryExporter<ReadableSpan>()
  const telemetry = otel({ exporter })
  trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [telemetry.spanProcessor] }))
  const lines: string[] = []
  const work = (_event: object, _context: object) => new Promise((resolve) => time.setTimeout(() => resolve('done'), ms))
  const handler = withTelemetry(work, { telemetry, earlyTimeoutMs, logger: { warn: (line: string) => void lines.push(line) } })
  const startedAt = time.now()
  const context = { awsRequestId: '1', getRemainingTimeInMillis: () => left - (time.now() - startedAt) }
  return { exporter, lines, invoke: () => handler({}, context) }
}

const statuses = (spans: readonly ReadableSpan[]) => spans.map(({ status }) => status.code)

test('an `earlyTimeoutMs` that is no less than the time left is replaced by the default, with one warning', async () => {
  const { exporter, lines, invoke } = invoking(20, 2994, 3000)
  const results = [invoke(), invoke()]
  await time.advance(20)
  expect(await Promise.all(results)).toEqual(['done', 'done'])
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET])
  expect(lines).toEqual(['flushed: `earlyTimeoutMs` is 3000, and the function has 2994 ms left: using 299'])
})

test('an invocation is ended `earlyTimeoutMs` before its timeout', async () => {
  const { exporter, invoke } = invoking(4000, 3000, 1000)
  void invoke()
  await time.advance(1999)
  expect(exporter.spans).toEqual([])
  await time.advance(1)
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.ERROR])
})

test('a handler that settles while its early flush is under way waits for that, and is flushed after it', async () => {
  const { exporter, telemetry } = pipeline({}, 'hold')
  const flushes: string[][] = []
  const work = (_event: object, _context: object) => new Promise((resolve) => time.setTimeout(() => resolve('done'), 2800))
  const handler = withTelemetry(work, { telemetry, onFlush: ({ phase, outcome }) => void flushes.push([phase, outcome]) })
  const result = handler({}, { getRemainingTimeInMillis: () => 3000 - time.now() })
  await time.advance(2850)
  expect(flushes).toEqual([])
  exporter.acknowledge()
  expect(await result).toBe('done')
  expect(flushes).toEqual([['early-timeout', 'delivered'], ['before-response', 'nothing_to_send']])
})

test('a context that says no time is left, as in unit tests, does not end the invocation early', async () => {
  const { exporter, lines, invoke } = invoking(20, 0)
  const result = invoke()
  await time.advance(20)
  expect(await result).toBe('done')
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.UNSET])
  expect(lines).not.toContainEqual(expect.stringContaining('earlyTimeoutMs'))
})

test('an abort listener runs in its invocation’s context and `onFlush` in none, whoever set the timer', async () => {
  // Like Node's timers: they fire in the context that set them, and can be unref'd, so that one is kept for later alarms.
  const setTimer = (ring: () => void, ms: number) =>
    Object.assign(time.setTimeout(AsyncResource.bind(ring), ms) as object, { ref() {}, unref() {} })
  useClock({ ...time, setTimeout: setTimer })
  const { exporter, telemetry } = pipeline()
  const around: Context[] = []
  const onFlush = () => void around.push(context.active())
  const handler = withTelemetry(async (hangs: boolean, _context: object) => {
    currentInvocation()?.signal.addEventListener('abort', () => span('cleanup').end())
    if (hangs) await new Promise(() => {})
  }, { telemetry, onFlush })
  // The flush of this invocation sets a timer in a context where tracing is suppressed. The next one reuses that timer.
  await handler(false, { getRemainingTimeInMillis: () => 3000 })
  await time.advance(20)
  void handler(true, { getRemainingTimeInMillis: () => 3000 })
  await time.advance(2700)
  const [, root, cleanup] = exporter.spans
  expect(cleanup).toMatchObject({ name: 'cleanup', parentSpanContext: { spanId: root?.spanContext().spanId } })
  expect(around).toEqual([ROOT_CONTEXT, ROOT_CONTEXT])
})
