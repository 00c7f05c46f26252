/** Streaming handlers, on `PassThrough` streams in place of the runtime's. */
import { EventEmitter, once } from 'node:events'
import { PassThrough } from 'node:stream'
import { SpanStatusCode } from '@opentelemetry/api'
import { withTelemetry as generic, wrapInfo } from 'flushed'
import { withTelemetry } from 'flushed/lambda'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { context as identity } from './events/context.ts'
import { functionUrl } from './events/http.ts'

beforeEach(newIsolate)

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')

const context = (remainingMs = 3000) => ({ ...identity, getRemainingTimeInMillis: () => remainingMs })

/** A stream that discards its bytes. */
const sink = () => new PassThrough().resume()

type Handler = (event: unknown, stream: PassThrough, context: unknown) => unknown

function wrapped(handler: Handler, more: object = {}) {
  const { telemetry, exporter } = pipeline()
  const phases: string[] = []
  const handle = withTelemetry(handler, { telemetry, onFlush: ({ phase }) => phases.push(phase), ...more })
  return { handle, phases, root: () => exporter.spans.at(-1), exporter }
}

describe('a wrapped streaming handler', () => {
  test('finds Lambda’s context in the third argument, after the stream', async () => {
    const attributes = vi.fn(() => ({}))
    const { handle, root } = wrapped(async (_event, stream) => void stream.end(), { attributes })
    const [event, stream, third] = [{ id: 1 }, sink(), context()]
    await handle(event, stream, third)
    expect(root()?.attributes['faas.invocation_id']).toBe(identity.awsRequestId)
    expect(attributes).toHaveBeenCalledExactlyOnceWith(event, stream, third)
  })

  test('gets its `this` and the same arguments, and its own result comes out', async () => {
    const seen: unknown[] = []
    const { handle } = wrapped(async function (this: unknown, ...args) {
      seen.push(this, ...args)
      args[1].end()
      return 'ignored'
    })
    const [self, event, stream, third] = [{}, {}, sink(), context()]
    expect(await handle.call(self, event, stream, third)).toBe('ignored')
    for (const [index, value] of [self, event, stream, third].entries()) expect(seen[index]).toBe(value)
  })

  test.each<[string, unknown]>([
    ['an object', {}],
    ['a response, as a handler that does not stream returns it', { statusCode: 503 }],
  ])('may return %s; no status is taken from that, since its stream has it', async (_what, result) => {
    const { handle, root } = wrapped(async (_event, stream) => (stream.end(), result))
    expect(await handle(functionUrl, sink(), context())).toBe(result)
    expect(root()?.attributes).toHaveProperty(['http.request.method'])
    expect(root()?.attributes).not.toHaveProperty(['http.response.status_code'])
    expect(root()?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('that returns no promise is flushed after its stream has finished', async () => {
    const { handle, phases } = wrapped((_event, stream) => void setImmediate(() => stream.end()))
    const stream = sink()
    await handle({}, stream, context())
    expect(stream.writableFinished).toBe(true)
    expect(phases).toEqual(['after-response'])
  })

  test('has a root span that stays open until the stream has finished', async () => {
    let end = () => {}
    const { handle, exporter } = wrapped(async (_event, stream) => void (end = () => stream.end()))
    const stream = sink()
    const run = handle({}, stream, context())
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(exporter.exports).toEqual([])
    end()
    await run
    expect(exporter.spans).toHaveLength(1)
  })

  test('whose stream is closed before its end is marked as aborted, without an error', async () => {
    const { handle, root } = wrapped(async (_event, stream) => {
      stream.write('half')
      stream.destroy()
      return 'result'
    })
    expect(await handle({}, sink(), context())).toBe('result')
    expect(root()?.attributes['flushed.response_stream']).toBe('aborted')
    expect(root()?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('whose stream fails has the error on its root span, and its own result comes out', async () => {
    const { handle, root, phases } = wrapped(async (_event, stream) => {
      stream.on('error', () => {})
      stream.destroy(new RangeError('gone'))
      return 'result'
    })
    expect(await handle({}, sink(), context())).toBe('result')
    expect(root()).toMatchObject({ status: { message: 'gone' }, attributes: { 'error.type': 'RangeError' } })
    expect(root()?.events).toHaveLength(1)
    expect(phases).toEqual(['before-response'])
  })

  test('adds no `error` listener to its stream, whose failure stays an uncaught error', async () => {
    const { handle } = wrapped(async (_event, stream) => void stream.destroy())
    const stream = sink()
    await handle({}, stream, context())
    expect(stream.listenerCount('error')).toBe(0)
  })

  test.each<[string, Handler]>([
    ['with the stream ended', async (_event, stream) => void stream.end()],
    ['with the handler failed', () => Promise.reject(new RangeError('out of stock'))],
  ])('whose stream fails after the flush, %s, ends the process as it would without a wrap', async (_what, handler) => {
    // The test runner's own listeners would decide what happens, as those of client 3 do.
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    const stream = sink().on('error', () => {})
    try {
      await Promise.allSettled([wrapped(handler).handle({}, stream, context())])
      stream.emit('error', new Error('reset'))
      expect(process.listenerCount('unhandledRejection')).toBe(0)
    } finally {
      others.forEach((listener) => process.on('unhandledRejection', listener))
    }
  })

  test('that rejects is flushed without waiting for its stream', async () => {
    const { handle, root, phases } = wrapped(async () => Promise.reject(new RangeError('out of stock')))
    await expect(handle({}, sink(), context())).rejects.toThrow('out of stock')
    expect(root()?.attributes['error.type']).toBe('RangeError')
    expect(phases).toEqual(['before-response'])
  })

  test('that throws synchronously rejects', async () => {
    const { handle } = wrapped(() => {
      throw new RangeError('out of stock')
    })
    await expect(handle({}, sink(), context())).rejects.toThrow('out of stock')
  })

  test('with no time left does not wait for an open stream, and marks it as unfinished', async () => {
    const { handle, root } = wrapped(async () => {})
    await handle({}, sink(), context(50))
    expect(root()?.attributes['flushed.response_stream']).toBe('unfinished')
  })

  test('does not wait for a fake stream that cannot tell when it ends', async () => {
    const { handle, exporter } = wrapped(async (_event, stream) => void stream.end())
    const mock = Object.assign(new EventEmitter(), { write: vi.fn(), end: vi.fn() })
    await handle({}, mock as unknown as PassThrough, context(60_000))
    expect(exporter.spans).toHaveLength(1)
  })

  test('is flushed once, by the outermost of several wraps, which leave no listeners on the stream', async () => {
    const { telemetry, exporter } = pipeline()
    const onFlush = vi.fn()
    const inner = withTelemetry(async (_event: unknown, stream: PassThrough, _context: unknown) => void stream.end(), { telemetry, onFlush })
    const outer = generic(withTelemetry(inner, { telemetry, onFlush }), { telemetry, onFlush })
    const stream = sink()
    await outer({}, stream, context())
    if (!stream.closed) await once(stream, 'close')
    expect(onFlush).toHaveBeenCalledOnce()
    expect(exporter.spans).toHaveLength(3)
    expect(['finish', 'close'].map((event) => stream.listenerCount(event))).toEqual([0, 0])
  })
})

describe('the wrapper of a streaming handler', () => {
  const streamify = (handler: Handler) => Object.assign(handler, { [STREAMING]: 'response', [HIGH_WATER_MARK]: 4096 })
  const handler = () => async (_event: unknown, stream: PassThrough, _context: unknown) => void stream.end()

  test.each([
    ['around `streamifyResponse`', () => withTelemetry(streamify(handler()))],
    ['inside `streamifyResponse`', () => streamify(withTelemetry(handler()))],
    ['around and inside, twice', () => streamify(withTelemetry(streamify(withTelemetry(handler()))))],
  ])('has both symbols, its name, and a length that no runtime refuses: %s', (_order, make) => {
    const made = make()
    expect([Reflect.get(made, STREAMING), Reflect.get(made, HIGH_WATER_MARK)]).toEqual(['response', 4096])
    expect([made.length, made.name]).toEqual([2, ''])
    expect(wrapInfo(made)?.platform).toBe('lambda')
  })

  test('keeps a length of up to two, the name and own properties, and refers to the original', () => {
    const original = Object.assign(async function orders(_event: unknown) {}, { config: { memory: 128 } })
    const made = withTelemetry(original)
    expect([made.length, made.name, made.config]).toEqual([1, 'orders', original.config])
    expect(wrapInfo(made)?.original).toBe(original)
    expect(withTelemetry(async (_e: unknown, _c: unknown, _x: unknown, _y: unknown) => {})).toHaveLength(2)
  })
})
