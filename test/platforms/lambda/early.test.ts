/** When an invocation is taken to be about to time out, by what its context says, and a clock of the test's own. */
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

/** Invokes a handler that takes `ms` milliseconds, of as many as its context says. */
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

test('with an `earlyTimeoutMs` that is no less than the timeout, each has the usual time, and a line says so once', async () => {
  const { exporter, lines, invoke } = invoking(20, 2994, 3000)
  const results = [invoke(), invoke()]
  await time.advance(20)
  expect(await Promise.all(results)).toEqual(['done', 'done'])
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET])
  expect(lines).toEqual(['flushed: `earlyTimeoutMs` is 3000, and the function has 2994 ms left: using 299'])
})

test('it is ended that long before its timeout', async () => {
  const { exporter, invoke } = invoking(4000, 3000, 1000)
  void invoke()
  await time.advance(1999)
  expect(exporter.spans).toEqual([])
  await time.advance(1)
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.ERROR])
})

test('a context without any time, as tests make them, ends nothing', async () => {
  const { exporter, lines, invoke } = invoking(20, 0)
  const result = invoke()
  await time.advance(20)
  expect(await result).toBe('done')
  expect(statuses(exporter.spans)).toEqual([SpanStatusCode.UNSET])
  expect(lines).not.toContainEqual(expect.stringContaining('earlyTimeoutMs'))
})

test('what listens to the signal is a part of its own invocation, and `onFlush` of none, whoever has set the timer', async () => {
  // As Node's: they ring in the context of whoever sets them, and are left where they keep nothing alive.
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
  // Its flush sets a timer, which is left to the other: instrumentations must not trace what is done there.
  await handler(false, { getRemainingTimeInMillis: () => 3000 })
  await time.advance(20)
  void handler(true, { getRemainingTimeInMillis: () => 3000 })
  await time.advance(2700)
  const [, root, cleanup] = exporter.spans
  expect(cleanup).toMatchObject({ name: 'cleanup', parentSpanContext: { spanId: root?.spanContext().spanId } })
  expect(around).toEqual([ROOT_CONTEXT, ROOT_CONTEXT])
})
