/** G4 Transparent, against the lifecycle: what the handler does is what its caller sees. */
import { runInNewContext } from 'node:vm'
import { trace } from '@opentelemetry/api'
import { type FlushReport, stages, waitUntil, withTelemetry } from 'flushed'
import { withTelemetry as withLambdaTelemetry } from 'flushed/lambda'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

const boom = new Error('boom')

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A flush that works, and every way in which one can go wrong. */
const weathers: Record<string, () => unknown> = {
  'works': async () => {},
  'throws synchronously': () => {
    throw new Error('flush broken')
  },
  'rejects': async () => {
    throw new Error('flush broken')
  },
  'rejects with undefined': () => Promise.reject(undefined),
  'says that it ran out of time': async () => false,
  'returns a thenable that throws': () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- the point of the test
    then: () => {
      throw new Error('then broken')
    },
  }),
}

describe.each(Object.entries(weathers))('when the flush %s', (_what, telemetry) => {
  const wrap = <R>(handler: () => R) => withTelemetry(handler as () => Promise<R>, { telemetry, logger: false })

  test('the wrapper resolves with the handler’s own result, the very same object', async () => {
    const result = { big: true }
    expect(await wrap(async () => result)()).toBe(result)
  })

  test('a value that is returned without a promise comes through', async () => {
    expect(await wrap(() => 42)()).toBe(42)
    expect(await wrap(() => undefined)()).toBeUndefined()
  })

  test('the caller gets the very same error, thrown or rejected with', async () => {
    await expect(wrap(async () => Promise.reject(boom))()).rejects.toBe(boom)
    await expect(
      wrap(() => {
        throw boom
      })(),
    ).rejects.toBe(boom)
  })

  test.each([undefined, null, 0, 'text', Symbol.iterator])('a rejection with %s reaches the caller unchanged', async (reason) => {
    const outcome = await wrap(() => Promise.reject(reason))().then(
      () => 'resolved',
      (rejected: unknown) => ({ rejected }),
    )
    expect(outcome).toEqual({ rejected: reason })
  })
})

describe('the handler’s spans', () => {
  test.each([
    ['throws', () => { throw boom }, 'Error', 'boom'],
    ['rejects', () => Promise.reject(boom), 'Error', 'boom'],
    ['rejects with undefined', () => Promise.reject(undefined), 'undefined', 'undefined'],
    ['throws an error of another realm', () => { throw runInNewContext('new TypeError("elsewhere")') }, 'TypeError', 'elsewhere'],
    ['throws an error with an empty name', () => { throw Object.assign(new Error('nameless'), { name: '' }) }, 'object', 'nameless'],
    ['throws an object that only looks like an error', () => { throw { message: 'm', stack: 's' } }, 'object', '{"message":"m","stack":"s"}'],
    ['throws a revoked proxy', () => { throw revoked() }, 'object', 'object'],
    ['rejects with a string', () => Promise.reject('no luck'), 'string', '"no luck"'],
  ] as const)('are delivered when it %s, with the error on the root', async (_what, body, type, message) => {
    const { exporter, telemetry, tracer } = pipeline()
    const handler = withTelemetry(
      async () => {
        tracer.startSpan('child').end()
        return body()
      },
      { telemetry, name: 'root' },
    )
    await handler().catch(() => {})
    const [child, root] = exporter.spans
    expect(child?.name).toBe('child')
    expect(root?.status).toEqual({ code: 2, message })
    expect(root?.attributes['error.type']).toBe(type)
  })
})

describe('a failing hook', () => {
  const broken = () => {
    throw new Error('hook broken')
  }

  test.each([
    ['onFlush throws', { onFlush: broken }],
    ['onFlush rejects', { onFlush: async () => broken() }],
    ['attributes throws', { attributes: broken }],
  ])('is logged, and does not affect the handler: %s', async (_what, options) => {
    const { telemetry } = pipeline()
    const warn = vi.fn()
    expect(await withTelemetry(async () => 'result', { telemetry, logger: { warn }, ...options })()).toBe('result')
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining('hook broken')))
  })

  test('does not affect the handler: a logger that throws', async () => {
    const handler = withTelemetry(async () => 'result', { telemetry: broken, logger: { warn: broken }, onFlush: broken })
    expect(await handler()).toBe('result')
  })

  test('is logged, and does not affect the handler: a `tracer` that throws', async () => {
    const warn = vi.fn()
    const telemetry = { stages: [], tracer: broken }
    expect(await withTelemetry(async () => 'result', { telemetry, logger: { warn } })()).toBe('result')
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('hook broken'))
  })
})

describe('a failure of the platform, or of the telemetry', () => {
  const broken = () => {
    throw new Error('platform broken')
  }

  test.each([
    ['a context whose `getRemainingTimeInMillis` throws', { getRemainingTimeInMillis: broken }],
    ['a context whose every property throws when read', new Proxy({}, { get: broken })],
  ])('is logged, and affects neither the handler nor its spans: %s', async (_what, context) => {
    const { exporter, telemetry } = pipeline()
    const warn = vi.fn()
    const handler = withLambdaTelemetry(async (_event: object, _context: object) => 'result', { telemetry, logger: { warn } })
    expect(await handler({}, context)).toBe('result')
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('platform broken'))
    expect(exporter.spans).toHaveLength(1)
  })

  test('does not affect the handler: a `count` and a `recordException` that throw', async () => {
    const span = { ...trace.wrapSpanContext({ traceId: '1', spanId: '2', traceFlags: 1 }), isRecording: () => true }
    const tracer = { startSpan: () => ({ ...span, spanContext: () => ({ traceId: '1', spanId: '2' }), recordException: broken }) }
    const telemetry = { stages: [], count: broken, tracer: () => tracer as never }
    const handler = withTelemetry(() => Promise.reject(boom), { telemetry, logger: false })
    await expect(handler()).rejects.toBe(boom)
  })
})

describe('the wrapper', () => {
  test('passes on `this` and every argument', async () => {
    const { telemetry } = pipeline()
    const app = {
      factor: 3,
      times: withTelemetry(
        async function (this: { factor: number }, ...values: number[]) {
          return values.map((value) => value * this.factor)
        },
        { telemetry },
      ),
    }
    expect(await app.times(1, 2, 3)).toEqual([3, 6, 9])
  })

  test('has the handler’s name, length and own properties, symbols and getters included', () => {
    const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
    const handler = Object.defineProperty(
      Object.assign(async function process(_event: object, _context: object) {}, { [streaming]: 'response', config: { a: 1 } }),
      'runtime',
      { get: () => 'edge' },
    )
    const wrapped = withTelemetry(handler)
    expect([wrapped.name, wrapped.length]).toEqual(['process', 2])
    expect(wrapped[streaming]).toBe('response')
    expect(wrapped.config).toBe(handler.config)
    expect(Reflect.get(wrapped, 'runtime')).toBe('edge')
  })

  test('says what it wraps under `Symbol.for("flushed.wrapped")`', () => {
    const handler = async () => {}
    expect(Reflect.get(withTelemetry(handler), Symbol.for('flushed.wrapped'))).toEqual({ platform: 'generic', original: handler })
  })
})

test('a flush function that rejects after the deadline causes no unhandled rejection', async () => {
  const clock = fakeClock()
  useClock(clock)
  let fail: (reason: Error) => void = () => {}
  const telemetry = () => new Promise<void>((_resolve, reject) => (fail = reject))
  const run = withTelemetry(async () => 'result', { telemetry, timeoutMs: 100, logger: false })()
  await clock.advance(100)
  expect(await run).toBe('result')
  const unhandled = vi.fn()
  process.once('unhandledRejection', unhandled)
  fail(new Error('much later'))
  await clock.tick()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('a thenable that starts only when awaited, as some libraries’ queries do, is part of the invocation', async () => {
  const { exporter, telemetry, tracer } = pipeline()
  // oxlint-disable-next-line unicorn/no-thenable -- what this is about
  const query: PromiseLike<number> = { then: (done) => (tracer.startSpan('query').end(), Promise.resolve(7).then(done)) }
  expect(await withTelemetry(() => query, { telemetry })()).toBe(7)
  const [child, root] = exporter.spans
  expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
})

describe('a flush function whose result throws when inspected', () => {
  const impossible = () =>
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('no such thing')
      },
    })

  test.each([
    ['', async () => 'result'],
    [', with background work', async () => (waitUntil(Promise.resolve()), 'result')],
  ])('fails alone: the handler’s result stands, and the spans are delivered%s', async (_what, handler) => {
    const { exporter, telemetry } = pipeline()
    let report: FlushReport | undefined
    const options = { telemetry: stages(impossible, telemetry), logger: false, onFlush: (it: FlushReport) => void (report = it) } as const
    expect(await withTelemetry(handler, options)()).toBe('result')
    expect(report).toMatchObject({ outcome: 'partial', warnings: [expect.stringContaining('no such thing')] })
    expect(exporter.spans).toHaveLength(1)
  })
})
