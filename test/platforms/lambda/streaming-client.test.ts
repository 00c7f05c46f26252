/** Streaming handlers on the real runtime clients: what the caller gets, and what the collector has at the freeze. */
import { describe, expect, test } from 'vitest'
import { median } from '../../support/extension.ts'
import { rootOf, runtimes } from '../../support/lambda.ts'

const SLOW = { delayMs: 300 }

/** For a median of ten, on a machine that does other things too. `back-to-back.test.ts` compares 200 invocations to 2 ms. */
const NOISE_MS = 25

const reportOf = (logs: string): { phase: string; outcome: string } => JSON.parse(/REPORT (.*)/.exec(logs)?.[1] ?? 'null')

const styles = [
  ['streamifyResponse(withTelemetry(handler))', 'inside'],
  ['withTelemetry(streamifyResponse(handler))', 'around'],
] as const

/** Client 3 listens for unhandled rejections, and exits at once. */
const exitsAtOnce = (title: string) => title.includes('aws-lambda-ric 3')

const onEach = runtimes.flatMap((client) => styles.map(([order, style]) => ({ ...client, order, style })))

describe.each(onEach)('on $title: $order', ({ title, startFunction, style }) => {
  test('streams, and its spans are delivered after the response and before the freeze', async () => {
    await using lambda = await startFunction(`streaming.parts.${style}`)
    const { result, freeze } = await lambda.invoke({ gapMs: 150 })
    expect(result).toMatchObject({ ok: true, payload: 'one two' })
    expect(result.chunks).toHaveLength(2)
    expect(result.responseMs - result.firstByteMs).toBeGreaterThan(40)
    expect(freeze.spans.map(({ name }) => name)).toEqual(['write', 'flushed-test'])
    const root = rootOf(freeze.spans)
    expect(root?.attributes).toMatchObject({ 'faas.invocation_id': result.requestId })
    expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
    expect(reportOf(lambda.logs())).toMatchObject({ phase: 'after-response', outcome: 'delivered' })
  })

  test('keeps the high-water mark of its stream', async () => {
    const bytes = async (which: string) => {
      await using lambda = await startFunction(`streaming.buffers.${which}`)
      return (await lambda.invoke()).result.payload
    }
    expect(await bytes(style)).toBe(await bytes('bare'))
  })

  test('keeps the metadata of HttpResponseStream.from', async () => {
    await using lambda = await startFunction(`streaming.http.${style}`)
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: 'created', prelude: { statusCode: 201, headers: { 'x-a': 'b' } } })
    expect(freeze.spans).toHaveLength(1)
  })

  test('has a root span as long as its stream if the handler is done first', async () => {
    await using lambda = await startFunction(`streaming.later.${style}`)
    const { result, freeze } = await lambda.invoke({ gapMs: 100 })
    expect(result).toMatchObject({ ok: true, payload: 'one two' })
    const root = rootOf(freeze.spans)
    expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(90)
  })

  test('has a failed response, and a root span with the error, if the handler fails half-way', async () => {
    await using lambda = await startFunction(`streaming.fails.${style}`)
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: false, payload: 'half', error: { errorType: 'RangeError', errorMessage: 'out of stock' } })
    expect(rootOf(freeze.spans)).toMatchObject({ status: { message: 'out of stock' }, attributes: { 'error.type': 'RangeError' } })
    expect(reportOf(lambda.logs()).phase).toBe('before-response')
  })

  test('has a complete response, and a root span with the error, if the handler fails after the stream’s end', async () => {
    await using lambda = await startFunction(`streaming.failsAfter.${style}`)
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: 'whole' })
    expect(rootOf(freeze.spans)?.attributes['error.type']).toBe('RangeError')
    expect(reportOf(lambda.logs()).phase).toBe('after-response')
  })

  test.skipIf(exitsAtOnce(title)).each([
    ['its pipeline fails', 'pipes', {}, 'out of stock'],
    ['its connection is reset', 'endless', { disconnect: { afterBytes: 2000, whose: 'runtime' } }, 'ECONNRESET'],
    // By then, the root span has ended and is being exported.
    ['its connection is reset after its end', 'ends', { disconnect: { afterBytes: 4, whose: 'runtime' } }, ''],
  ] as const)('ends the process as without a wrap, but with its spans delivered, if %s', async (_what, name, options, message) => {
    await using bare = await startFunction(`streaming.${name}.bare`)
    const expected = await bare.sandbox.invoke({ forMs: 5000 }, options)
    await using lambda = await startFunction(`streaming.${name}.${style}`, { behavior: { delayMs: 150 } })
    const result = await lambda.sandbox.invoke({ forMs: 5000 }, options)
    expect((await expected.frozen).outcome).toBe('exited')
    expect((await result.frozen).outcome).toBe('exited')
    const exit = (sandbox: typeof lambda.sandbox) => sandbox.record.find(({ kind }) => kind === 'exit')?.detail
    expect(exit(lambda.sandbox)).toBe(exit(bare.sandbox))
    expect(result.error?.errorType).toBe(expected.error?.errorType)
    expect(rootOf(lambda.collector.spans)?.status.message ?? '').toContain(message)
    expect(lambda.collector.spans).toHaveLength(1)
  })

  test.skipIf(exitsAtOnce(title))('leaves nothing to a later flush if its stream fails, which ends the process', async () => {
    const env = { NODE_OPTIONS: '--import flushed/lambda/register', POLICY: '{"everyInvocations":10}' }
    await using lambda = await startFunction(`streaming.pipes.${style}`, { env, behavior: { delayMs: 50 } })
    const result = await lambda.sandbox.invoke({})
    expect((await result.frozen).outcome).toBe('exited')
    expect(rootOf(lambda.collector.spans)?.status).toMatchObject({ message: 'out of stock' })
  })

  test('runs to its end if the caller disconnects, as on Lambda, and its spans are delivered', async () => {
    await using lambda = await startFunction(`streaming.endless.${style}`)
    const { result, freeze } = await lambda.invoke({ forMs: 200 }, { disconnect: { afterBytes: 2000 } })
    expect(result).toMatchObject({ ok: false, disconnected: true })
    expect(result.responseMs).toBeLessThan(200)
    const root = rootOf(freeze.spans)
    expect(root?.status.code).toBe('unset')
    expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(190)
  })
})

describe.each(runtimes)('on $title', ({ startFunction }) => {
  test('a stream that never ends is waited for until shortly before the timeout, and its root span says so', async () => {
    await using lambda = await startFunction('streaming.open.around', { timeoutMs: 1500, env: { MARGIN_MS: '700' } })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    expect(rootOf(lambda.collector.spans)?.attributes['flushed.response_stream']).toBe('unfinished')
  })

  test('a handler that is wrapped twice has one root span and one flush', async () => {
    await using lambda = await startFunction('streaming.twice')
    const { result, freeze } = await lambda.invoke()
    expect(result.payload).toBe('pong')
    expect(freeze.spans.map(({ attributes }) => 'faas.invocation_id' in attributes)).toEqual([false, true])
    expect(lambda.logs().match(/REPORT/g)).toHaveLength(1)
  })
})

// Real milliseconds: a machine that is busy with something else may delay any one of them. So the sandboxes take turns:
// each makes its flush while the others answer.
describe.each(runtimes)('on $title: the caller', { retry: 2 }, ({ title, startFunction }) => {
  test.for(['ok', 'hang'] as const)('gets the first and the last byte as soon as without a wrap if the collector’s behavior is `%s`', async (weather, { expect }) => {
    const setup = { behavior: weather === 'ok' ? SLOW : weather, env: { TIMEOUT_MS: '400' } }
    await using bare = await startFunction('streaming.parts.bare')
    await using inside = await startFunction('streaming.parts.inside', setup)
    await using around = await startFunction('streaming.parts.around', setup)
    const took = [bare, inside, around].map((lambda) => ({ lambda, first: [] as number[], last: [] as number[] }))
    for (let id = 0; id < 11; id++) {
      for (const { lambda, first, last } of took) {
        const { firstByteMs, responseMs } = await lambda.sandbox.invoke({ gapMs: 20 })
        if (id === 0) continue
        first.push(firstByteMs)
        last.push(responseMs)
      }
    }
    const [expected, ...wrapped] = took.map(({ first, last }) => ({ first: median(first), last: median(last) }))
    if (process.env['FLUSHED_FIGURES']) console.log(title, weather, expected, wrapped)
    for (const { first, last } of wrapped) {
      expect(first - (expected?.first ?? NaN)).toBeLessThan(NOISE_MS)
      expect(last - (expected?.last ?? NaN)).toBeLessThan(NOISE_MS)
    }
  })

  test('is answered at once, and the sandbox is held only for the flush', async () => {
    await using lambda = await startFunction('streaming.ends.inside', { behavior: SLOW })
    const { result } = await lambda.invoke()
    const { afterMs } = await result.frozen
    expect(result.responseMs).toBeLessThan(150)
    expect(afterMs - result.responseMs).toBeGreaterThan(280)
  })
})
