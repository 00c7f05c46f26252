/** Lambda Managed Instances, on the real runtime client: many invocations at once, in threads that are never frozen. */
import { PassThrough } from 'node:stream'
import { waitUntil, withTelemetry } from 'flushed/lambda'
import { type CollectedSpan, fakeClock, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isolate } from '../../../src/core/isolate.ts'
import type { AnyFunction } from '../../../src/core/layer.ts'
import { goingOn } from '../../../src/platforms/lambda/managed.ts'
import { type Lambda, rootOf, runtime, startFunction } from '../../support/lambda.ts'
import { newIsolate, pipeline } from '../../support/sdk.ts'

const TOGETHER = 20
const ONE_THREAD = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' }
const TWO_THREADS = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '2' }
const NAMES = ['after', 'before', 'flushed-test', 'left']

const invokeTogether = ({ sandbox }: Lambda, together = TOGETHER) =>
  Promise.all(Array.from({ length: TOGETHER }, (_, id) => sandbox.invoke({ id, together })))

const arrived = ({ collector }: Lambda, spans: number) => collector.waitFor((c) => c.spans.length >= spans, { timeoutMs: 3000 })

/** The invocation that a span says it belongs to. */
const idOf = (span: CollectedSpan | undefined) => span?.attributes['app.id']

const tracesOf = (spans: readonly CollectedSpan[]) => [...Map.groupBy(spans, ({ traceId }) => traceId).values()]

/** Expects a trace for each invocation that has all of its spans, each once, and none of another invocation's. */
function expectUnmixed(spans: readonly CollectedSpan[], invocations: number): void {
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4 * invocations)
  const traces = tracesOf(spans)
  expect(traces).toHaveLength(invocations)
  for (const trace of traces) {
    expect(trace.map(({ name }) => name).toSorted()).toEqual(NAMES)
    expect(new Set(trace.map(idOf)).size).toBe(1)
    expect(rootOf(trace)?.attributes['faas.coldstart']).toBe(false)
  }
}

describe(`on ${runtime}, as a Managed Instance`, () => {
  test(`${TOGETHER} interleaved invocations in one thread each deliver exactly their own spans, in one request`, async () => {
    await using lambda = await startFunction('concurrent.handler', { concurrency: TOGETHER, env: ONE_THREAD })
    const results = await invokeTogether(lambda)
    expect(results.map(({ payload }) => payload)).toEqual(results.map((_, id) => expect.objectContaining({ id })))
    await arrived(lambda, 4 * TOGETHER)
    expectUnmixed(lambda.collector.spans, TOGETHER)
    for (const { spans } of lambda.collector.requests) expect(new Set(spans.map(idOf)).size).toBe(1)
    expect(lambda.collector.requests).toHaveLength(TOGETHER)
  })

  test('invocations in several threads each deliver exactly their own spans', async () => {
    await using lambda = await startFunction('concurrent.handler', { concurrency: TOGETHER, env: TWO_THREADS })
    // Both threads have to be there before they can share the work.
    while (lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.next').length < 2) await nextEntry(lambda)
    const results = await invokeTogether(lambda, 1)
    await arrived(lambda, 4 * TOGETHER)
    expectUnmixed(lambda.collector.spans, TOGETHER)
    expect(new Set(results.map(({ payload }) => (payload as { thread: number }).thread)).size).toBe(2)
  })

  test('a collector that takes 300 ms delays no response, and no span is lost', async () => {
    await using lambda = await startFunction('concurrent.handler', { concurrency: TOGETHER, env: ONE_THREAD, behavior: { delayMs: 300 } })
    for (const _ of [1, 2]) await invokeTogether(lambda)
    await arrived(lambda, 8 * TOGETHER)
    const posted = new Map(lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response').map(({ requestId, at }) => [requestId, at]))
    for (const { spans, answeredAt } of lambda.collector.requests) {
      expect(posted.get(String(rootOf(spans)?.attributes['faas.invocation_id']))).toBeLessThan(answeredAt ?? Number.NaN)
    }
    expectUnmixed(lambda.collector.spans, 2 * TOGETHER)
  })

  test('no flush begins before its response has been posted', async () => {
    await using lambda = await startFunction('concurrent.handler', { concurrency: 1, env: ONE_THREAD })
    for (let id = 0; id < 5; id++) await lambda.sandbox.invoke({ id })
    await arrived(lambda, 20)
    const posted = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
    for (const [index, { receivedAt }] of lambda.collector.requests.entries()) {
      expect(receivedAt).toBeGreaterThan(posted[index]?.at ?? Infinity)
    }
  })

  test("with `flush: 'before-response'`, the response waits for the collector", async () => {
    const env = { ...ONE_THREAD, FLUSH: 'before-response' }
    await using lambda = await startFunction('concurrent.handler', { concurrency: 2, env, behavior: { delayMs: 300 } })
    const { responseMs } = await lambda.sandbox.invoke({ id: 1 })
    expect(responseMs).toBeGreaterThanOrEqual(295)
    expect(lambda.collector.spans).toHaveLength(4)
  })

  test('a handler that runs past its timeout goes on, and its spans are delivered', async () => {
    await using lambda = await startFunction('concurrent.slow', { concurrency: 2, env: ONE_THREAD, timeoutMs: 100, behavior: { delayMs: 100 } })
    const result = await lambda.sandbox.invoke({ id: 1, ms: 300 })
    expect(result).toMatchObject({ timedOut: true, error: { errorType: 'Sandbox.Timedout' } })
    await arrived(lambda, 2)
    expect(lambda.collector.spans.map(({ name }) => name)).toEqual(['after all', 'flushed-test'])
    expect(lambda.logs()).not.toContain('flushed: ')
  })

  test('a collector that hangs causes a warning, not an unhandled rejection, and gets the spans once it is back', async () => {
    const env = { ...ONE_THREAD, TIMEOUT_MS: '200' }
    await using lambda = await startFunction('concurrent.handler', { concurrency: TOGETHER, env, behavior: 'hang' })
    const warned = new Promise((resolve) => lambda.sandbox.on('log', ({ line }) => line.includes('4 spans not acknowledged') && resolve(line)))
    await lambda.sandbox.invoke({ id: 1 })
    await warned
    lambda.collector.behave('ok')
    await lambda.sandbox.invoke({ id: 2 })
    await arrived(lambda, 8)
    expectUnmixed(lambda.collector.spans, 2)
    expect(lambda.logs()).not.toMatch(/unhandled/i)
  })
})

// Without a runtime client: only a bug makes a flush throw, and nobody can say which.
test.each([() => Promise.reject(new Error('no')), () => { throw new Error('no') }])('a flush that fails causes a warning, and no unhandled rejection', async (finish) => {
  const warned = new Promise((resolve) => vi.spyOn(console, 'warn').mockImplementation(resolve))
  expect(goingOn.hold(finish, undefined as never)).toBeUndefined()
  expect(await warned).toBe('flushed: the flush failed: no')
  vi.restoreAllMocks()
})

describe('an invocation is waited for no longer than Lambda’s longest timeout, 15 minutes, with', () => {
  let time = fakeClock()
  beforeEach(() => {
    newIsolate()
    useClock((time = fakeClock()))
    vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', '10')
  })
  afterEach(() => {
    useClock(undefined)
    vi.unstubAllEnvs()
  })

  const forever = new Promise<void>(() => {})
  const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 30_000 }
  /** Invokes, and returns what is left of the invocation one minute before the time is up and one minute after. */
  async function leftOf(handler: () => Promise<unknown>, ...args: unknown[]) {
    const { telemetry, exporter } = pipeline()
    const handle: AnyFunction = withTelemetry(handler, { telemetry, logger: false })
    void Reflect.apply(handle, undefined, args)
    const left = []
    for (const minutes of [14, 2]) {
      await turns()
      await time.advance(minutes * 60_000)
      await turns()
      left.push({ live: isolate.live.length, ended: exporter.spans.length })
    }
    return left
  }

  test.each<[string, () => Promise<unknown>, unknown[]]>([
    ['background work that never ends', async () => waitUntil(forever), [{}, context]],
    ['a response stream that stays open', async () => {}, [{}, new PassThrough(), context]],
  ])('%s', async (_what, handler, args) => {
    expect(await leftOf(handler, ...args)).toEqual([{ live: 1, ended: 0 }, { live: 0, ended: 1 }])
  })
})

const turns = async () => {
  for (let n = 0; n < 4; n++) await new Promise((resolve) => setImmediate(resolve))
}

const nextEntry = ({ sandbox }: Lambda) => new Promise<void>((resolve) => {
  const stop = sandbox.on('entry', () => {
    stop()
    resolve()
  })
})
