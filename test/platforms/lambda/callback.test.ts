/** Callback-style handlers, with a fake of the context of runtime client 3.3. */
import { withTelemetry } from 'flushed/lambda'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { context as identity } from './events/context.ts'

beforeEach(newIsolate)
afterEach(() => vi.unstubAllEnvs())

/** What the client passes. Each function of its context answers the invocation at once. */
function call() {
  let waits = true
  const answered = vi.fn()
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return waits
    },
    set callbackWaitsForEmptyEventLoop(value: boolean) {
      waits = value
    },
    succeed: answered,
    fail: answered,
    done: answered,
    ...identity,
  }
  return { context, answered }
}

type Call = ReturnType<typeof call>
type Callback = (error?: unknown, result?: unknown) => void

function wrapped(handler: (event: unknown, context: Call['context'], callback: Callback) => unknown) {
  const { telemetry, exporter } = pipeline()
  const { context, answered } = call()
  // Called as the client calls it, with a callback of its own.
  const handle = withTelemetry(handler, { telemetry }) as unknown as (...args: unknown[]) => Promise<unknown>
  return { run: () => handle({}, context, answered), answered, exporter, context }
}

const soon = (then: () => void) => void setImmediate(then)
const turn = () => new Promise<void>(soon)

describe('a callback-style handler', () => {
  test.each<[string, (context: Call['context'], callback: Callback) => void]>([
    ['callback(null, result)', (_context, callback) => callback(null, 'result')],
    ['callback(undefined, result)', (_context, callback) => callback(undefined, 'result')],
    ['context.done(null, result)', (context) => context.done(null, 'result')],
    ['context.succeed(result)', (context) => context.succeed('result')],
  ])('settles by %s, which does not answer before the flush', async (_what, settle) => {
    for (const when of [(then: () => void) => then(), soon]) {
      const { run, answered, exporter } = wrapped((_event, context, callback) => when(() => settle(context, callback)))
      expect(await run()).toBe('result')
      expect(answered).not.toHaveBeenCalled()
      expect(exporter.spans).toHaveLength(1)
    }
  })

  test.each<[string, (context: Call['context'], callback: Callback) => void, unknown]>([
    ['callback(error)', (_context, callback) => callback(boom), boom],
    ['callback(text)', (_context, callback) => callback('boom'), 'boom'],
    ['callback(‘’), which the client takes for an error', (_context, callback) => callback(''), ''],
    ['context.done(error)', (context) => context.done(boom), boom],
    ['context.fail(error)', (context) => context.fail(boom), boom],
  ])('fails by %s', async (_what, settle, reason) => {
    const { run, answered, exporter } = wrapped((_event, context, callback) => soon(() => settle(context, callback)))
    await expect(run()).rejects.toBe(reason)
    expect(answered).not.toHaveBeenCalled()
    expect(exporter.spans[0]?.attributes).toHaveProperty(['error.type'])
  })

  test('rejects if it throws', async () => {
    const { run } = wrapped((_event, _context, _callback) => {
      throw boom
    })
    await expect(run()).rejects.toBe(boom)
  })

  test('settles by its first callback or its promise, whichever comes first', async () => {
    expect(await wrapped((_event, _context, callback) => [1, 2].forEach((n) => callback(null, n))).run()).toBe(1)
    expect(await wrapped(async (_event, _context, callback) => soon(() => callback(boom))).run()).toBe(undefined)
    const late = wrapped(async (_event, _context, callback) => {
      callback(null, 'called')
      return 'returned'
    })
    expect(await late.run()).toBe('called')
  })

  test.each<[string, (context: Call['context'], callback: Callback) => void]>([
    ['callback', (_context, callback) => callback(null, 'called')],
    ['context.succeed', (context) => context.succeed('called')],
  ])('settles by %s if that comes before its promise', async (_what, settle) => {
    const awaits = wrapped(async (_event, context, callback) => {
      await turn()
      settle(context, callback)
      await turn()
      return 'returned'
    })
    expect(await awaits.run()).toBe('called')
    const pending = wrapped((_event, context, callback) => new Promise(() => soon(() => settle(context, callback))))
    expect(await pending.run()).toBe('called')
    expect(pending.exporter.spans).toHaveLength(1)
  })

  test.each<[string, (context: Call['context'], callback: Callback) => void]>([
    ['callback', (_context, callback) => callback(boom)],
    ['context.fail', (context) => context.fail(boom)],
  ])('fails by %s if that comes before its promise', async (_what, fail) => {
    const { run, exporter } = wrapped(async (_event, context, callback) => {
      await turn()
      fail(context, callback)
    })
    await expect(run()).rejects.toBe(boom)
    expect(exporter.spans[0]?.attributes).toHaveProperty(['error.type'])
  })

  test('gets a context that is like Lambda’s in everything else', async () => {
    const { run, context } = wrapped((_event, given, callback) => {
      given.callbackWaitsForEmptyEventLoop = false
      callback(null, { ...given, keys: Object.keys(given) })
    })
    const given = await run()
    expect(given).toMatchObject({ ...identity, callbackWaitsForEmptyEventLoop: false, keys: Object.keys(context) })
    expect(context.callbackWaitsForEmptyEventLoop).toBe(false)
  })

  test('writes to Lambda’s context, except for the functions that end the invocation', async () => {
    const { run, context, answered } = wrapped((_event, given, _callback) => {
      const { done } = given
      const patched = vi.fn((error, result) => done(error, { patched: result }))
      Object.assign(given, { tenant: 'acme', done: patched })
      Object.defineProperty(given, 'succeed', { value: (result: unknown) => given.done(null, result) })
      given.succeed('result')
    })
    expect(await run()).toEqual({ patched: 'result' })
    expect(context).toMatchObject({ tenant: 'acme', succeed: answered, done: answered })
  })

  test.each<[string, (given: Call['context']) => object]>([
    ['frozen', (given) => Object.freeze(given)],
    ['sealed', (given) => Object.seal(given)],
    ['copied', (given) => Object.create(Object.getPrototypeOf(given) as object, Object.getOwnPropertyDescriptors(given)) as object],
    ['given a fixed `succeed`', (given) => Object.defineProperty(given, 'succeed', { value: given.succeed, configurable: false })],
  ])('may have its context %s, and end by it', async (_how, make) => {
    const { run, answered } = wrapped((_event, given, _callback) => void (make(given) as Call['context']).succeed('result'))
    expect(await run()).toBe('result')
    expect(answered).not.toHaveBeenCalled()
  })

  test('deletes from Lambda’s context too, except for the functions that end the invocation', async () => {
    const { run, context, answered } = wrapped((_event, given, callback) => {
      Object.assign(given, { tenant: 'acme' })
      for (const key of ['tenant', 'done']) Reflect.deleteProperty(given, key)
      callback(null, Object.keys(given))
    })
    const keys = (await run()) as string[]
    expect(keys).not.toContain('done')
    expect(context).not.toHaveProperty('tenant')
    expect(context.done).toBe(answered)
  })

  test('that never calls back ends when the event loop is empty', async () => {
    const { run, exporter } = wrapped((_event, _context, _callback) => {})
    const running = run()
    process.emit('beforeExit', 0)
    expect(await running).toBe(undefined)
    expect(exporter.spans).toHaveLength(1)
  })
})

test('a frozen context is copied like any other', async () => {
  const context = Object.freeze({ awsRequestId: 'r-1', succeed() {}, fail() {}, done() {} })
  const handler = withTelemetry((_event: object, { awsRequestId, done }: typeof context, _callback: Callback) => void (done as Callback)(null, awsRequestId), { logger: false })
  expect(await (handler as (event: object, of: object) => Promise<unknown>)({}, context)).toBe('r-1')
})

test('a context that throws when it is read still reaches the handler', async () => {
  const hostile = new Proxy({}, {
    get: () => {
      throw boom
    },
  })
  const handle = withTelemetry((_event: unknown, context: unknown, callback: Callback) => callback(null, [context]), {
    telemetry: () => {},
    logger: false,
  })
  const [given] = (await handle({}, hostile)) as unknown[]
  expect(given === hostile).toBe(true)
})

const boom = new Error('boom')

test('a third argument that is no callback is passed on, and no callback is waited for', async () => {
  const signal = new AbortController().signal
  const handle = withTelemetry((_event: object, _context: object, third: object) => third as never, { telemetry: () => {} })
  const called = handle as unknown as (...args: unknown[]) => Promise<unknown>
  // With a runtime's context too: a wrapper that waits for the returned value may pass that context on.
  for (const context of [identity, call().context]) expect(await called({}, context, { signal })).toEqual({ signal })
  expect(await called({}, identity, null)).toBe(null)
})

describe('a handler with two parameters', () => {
  const settlesLater: [string, (context: Call['context'], callback: Callback) => unknown][] = [
    ['returned nothing', (context) => soon(() => context.succeed('result'))],
    ['returned a timer', (context) => setTimeout(() => context.succeed('result'), 5)],
  ]
  test.each(settlesLater)('that has %s may end by its context, in a runtime whose context can do that', async (_what, handler) => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    expect(await wrapped((_event, context) => handler(context, () => {})).run()).toBe('result')
  })

  test('may take the callback without declaring a third parameter', async () => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    expect(await wrapped((...args) => soon(() => args[2](null, 'result'))).run()).toBe('result')
    expect(await wrapped((_event, _context = {} as never, callback) => soon(() => callback(null, 'result'))).run()).toBe('result')
  })

  // An export to a collector that hangs would keep the event loop busy for as long as its socket is open.
  test.each(['value', 0, null, { id: 7 }])('does not wait for the event loop if it has a result: %j', async (value) => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    expect(await wrapped((_event, _context) => value).run()).toEqual(value)
  })

  test('ends when it returns if the caller is not the runtime', async () => {
    expect(await wrapped((_event, _context) => {}).run()).toBe(undefined)
    expect(await wrapped((_event, _context) => 'value').run()).toBe('value')
    // The runtime passes a callback. A wrapper that waits for the returned value does not.
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    const handle = withTelemetry((_event: object, _context: object) => 'value', { telemetry: () => {} })
    expect(await handle({}, call().context)).toBe('value')
  })

  test('gets the very same context if that cannot end invocations', async () => {
    const handle = withTelemetry(async (_event: unknown, context: unknown) => context, { telemetry: () => {} })
    expect(await handle({}, identity)).toBe(identity)
  })
})
