/** What the middleware takes for the end of a request. The contexts and bindings are fakes, each like those of its adapter. */
import { type HonoOptions, currentInvocation, telemetry } from 'flushed/hono'
import { withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'
import { application } from './functions/app.mjs'

const VERCEL = Symbol.for('@vercel/request-context')
const globals = globalThis as unknown as Record<PropertyKey, unknown>

beforeEach(newIsolate)
afterEach(() => void delete globals[VERCEL])

/** A fake context. As on platforms, calling its `waitUntil` on anything else is an illegal invocation. */
class Context {
  readonly #held: Promise<unknown>[] = []

  waitUntil(work: Promise<unknown>): void {
    this.#held.push(work)
  }

  get held(): Promise<unknown>[] {
    return this.#held
  }
}

function setup(options: HonoOptions = {}) {
  const made = pipeline({}, 'hold')
  const warnings: string[] = []
  const logger = { warn: (message: string) => warnings.push(message) }
  const app = application(telemetry({ telemetry: made.telemetry, logger, ...options }))
  const ask = async (path: string, env?: unknown, executionCtx?: unknown) =>
    (await app.fetch(new Request(`http://shop.example${path}`), env, executionCtx)).text()
  return { ...made, warnings, ask }
}

describe('a function is kept alive until its flush is over, by', () => {
  const contexts: [string, (context: Context) => { env?: unknown; executionCtx?: unknown; options?: HonoOptions }][] = [
    ['`c.executionCtx`', (executionCtx) => ({ executionCtx })],
    ['the context that Netlify’s adapter passes on', (context) => ({ env: { context } })],
    ['the `waitUntil` option', (context) => ({ options: { waitUntil: (work) => context.waitUntil(work) } })],
    ['the `waitUntil` option, on a server for Node', (context) => ({
      env: { incoming: { headers: {}, method: 'GET', url: '/v1/orders/7' } },
      options: { waitUntil: (work) => context.waitUntil(work) },
    })],
    ['the request context that Vercel has in a global symbol', (context) => {
      globals[VERCEL] = { get: () => context }
      return {}
    }],
  ]

  test.each(contexts)('%s', async (_what, arrange) => {
    const context = new Context()
    const { env, executionCtx, options } = arrange(context)
    const { ask, exporter, warnings } = setup(options)
    const exported = exporter.nextExport()
    expect(JSON.parse(await ask('/v1/orders/7', env, executionCtx))).toMatchObject({ id: '7' })
    await exported
    expect(exporter.spans).toEqual([])
    exporter.acknowledge()
    await Promise.all(context.held)
    expect(exporter.spans.map(({ name }) => name)).toEqual(['find order', 'GET /v1/orders/:id'])
    expect(warnings).toEqual([])
  })
})

test('if `flush` is "before-response", the response waits, whatever could keep the function alive', async () => {
  const { ask, exporter } = setup({ flush: 'before-response' })
  exporter.setMode('microtask')
  const context = new Context()
  await ask('/', undefined, context)
  expect(exporter.spans).toHaveLength(1)
  expect(context.held).toEqual([])
})

test('a request that never ends is sent as it is, with the first request that comes 15 minutes later', async () => {
  const time = fakeClock()
  useClock(time)
  const { ask, exporter } = setup({ flush: 'before-response' })
  exporter.setMode('microtask')
  void ask('/never')
  await time.advance(14 * 60_000)
  await ask('/')
  expect(exporter.spans.map(({ name }) => name)).toEqual(['GET /'])
  await time.advance(2 * 60_000)
  await ask('/')
  expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['GET', 'GET /', 'GET /'])
})

test('without any `waitUntil`, the response waits for the flush, and one line says what was looked for', async () => {
  const { ask, exporter, warnings } = setup()
  exporter.setMode('microtask')
  for (const id of [1, 2]) {
    await ask(`/v1/orders/${id}`)
    expect(exporter.spans).toHaveLength(2 * id)
  }
  expect(warnings).toEqual([expect.stringContaining('hono cannot flush after the response here; flushing before it: no argument')])
})

test('without any `waitUntil`, the response is there when all spans have been acknowledged', async () => {
  const { ask, exporter } = setup()
  let answered = false
  const exported = exporter.nextExport()
  const answer = ask('/').then(() => (answered = true))
  await exported
  await new Promise(setImmediate)
  expect(answered).toBe(false)
  exporter.acknowledge()
  await answer
})

test('without any `waitUntil`, a collector that hangs delays the response for `timeoutMs`', async () => {
  const { ask } = setup({ timeoutMs: 50 })
  const asked = performance.now()
  expect(await ask('/')).toBe('hello')
  expect(performance.now() - asked).toBeLessThan(1000)
})

test('with a fake Lambda context, the flush takes no longer than the function has left, whatever `timeoutMs` is', async () => {
  const { ask } = setup({ timeoutMs: 60_000 })
  const lambdaContext = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 100 }
  expect(await ask('/', { event: {}, lambdaContext })).toBe('hello')
})

test.each([undefined, 0])('with a fake context of a local Lambda runner that answers nonsense (%s), the response still waits for the flush', async (left) => {
  const { ask, exporter } = setup()
  let answered = false
  const exported = exporter.nextExport()
  const answer = ask('/', { event: {}, lambdaContext: { getRemainingTimeInMillis: () => left } }).then(() => (answered = true))
  await exported
  await new Promise(setImmediate)
  expect(answered).toBe(false)
  exporter.acknowledge()
  await answer
})

test('an upgrade on a server for Node, which has no response object, ends when it has been answered', async () => {
  const { ask, exporter } = setup()
  await ask('/', { incoming: { headers: {}, method: 'GET', url: '/' }, outgoing: undefined })
  expect((await exporter.nextExport()).spans).toMatchObject([{ name: 'GET /' }])
})

test('inside a wrapped function that handles no request, a request is a child span, and the root keeps its name', async () => {
  const { telemetry, exporter, ask } = setup()
  exporter.setMode('microtask')
  await withTelemetry(() => ask('/v1/orders/7'), { telemetry, name: 'job' })()
  expect(exporter.spans.map(({ name }) => name)).toEqual(['find order', 'GET /v1/orders/:id', 'job'])
  expect(exporter.spans.at(-1)?.attributes).not.toHaveProperty('http.route')
})

describe('options', () => {
  test('`name` is kept, whatever the route', async () => {
    const { ask, exporter } = setup({ name: 'orders', flush: 'before-response' })
    exporter.setMode('microtask')
    await ask('/v1/orders/7')
    expect(exporter.spans.at(-1)).toMatchObject({ name: 'orders', attributes: { 'http.route': '/v1/orders/:id' } })
  })

  test('`attributes` gets Hono’s context', async () => {
    const attributes: HonoOptions['attributes'] = ({ req }) => ({ 'app.path': req.path, 'app.tenant': req.query('tenant') ?? '' })
    const { ask, exporter } = setup({ attributes, flush: 'before-response' })
    exporter.setMode('microtask')
    await ask('/v1/orders/7?tenant=acme')
    expect(exporter.spans.at(-1)?.attributes).toMatchObject({ 'app.path': '/v1/orders/7', 'app.tenant': 'acme' })
  })

  test.each([[[{ id: 1 }, { id: 2 }]], [[undefined, undefined]]])('a function that makes them is called once, with the bindings of the first request of %o', async (envs) => {
    const { telemetry: pipe, exporter } = pipeline()
    const environments: unknown[] = []
    const app = application(telemetry((env: unknown) => {
      environments.push(env)
      return { telemetry: pipe, flush: 'before-response' }
    }))
    for (const env of envs) await app.fetch(new Request('http://shop.example/'), env)
    expect(environments).toEqual([envs[0]])
    expect(exporter.spans).toHaveLength(2)
  })

  test('a function that makes them for several applications is called once', async () => {
    const { telemetry: pipe } = pipeline()
    const make = vi.fn(() => ({ telemetry: pipe, flush: 'before-response' as const }))
    const env = {}
    for (const _ of [1, 2]) await application(telemetry(make)).fetch(new Request('http://shop.example/'), env)
    expect(make).toHaveBeenCalledOnce()
  })

  test('a function that fails is logged once, and requests are answered', async () => {
    const make = () => {
      throw new Error('no collector')
    }
    const told = vi.spyOn(console, 'error').mockReturnValue()
    for (const app of [application(telemetry(make)), application(telemetry(make))]) expect(await (await app.fetch(new Request('http://shop.example/'))).text()).toBe('hello')
    expect(told.mock.calls).toEqual([['flushed: no telemetry, since its options failed: no collector']])
    told.mockRestore()
  })

  test('a second function that fails for another reason is logged as well', async () => {
    const failing = (reason: string) => application(telemetry(() => {
      throw new Error(reason)
    }))
    const told = vi.spyOn(console, 'error').mockReturnValue()
    for (const reason of ['no collector', 'no team']) await failing(reason).fetch(new Request('http://shop.example/'))
    expect(told.mock.calls.map(([line]) => line)).toEqual([expect.stringMatching(/: no collector$/), expect.stringMatching(/: no team$/)])
    told.mockRestore()
  })

  test.each([
    [{ waitUntil: 7 }, 'option `waitUntil` must be a function, got 7'],
    [{ drainMs: -1 }, 'option `drainMs` must be a positive number of milliseconds, got -1'],
    [{ streamIdleMs: 0 }, 'option `streamIdleMs` must be a positive number of milliseconds, got 0'],
    [{ route: '/' }, 'unknown option `route`'],
  ])('%o are refused with a TypeError when the middleware is created', (options, message) => {
    const create = () => telemetry(options as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })
})

test('the invocation is current in the application', async () => {
  const { telemetry: pipe, exporter } = pipeline()
  const roots: unknown[] = []
  const seen = async (_c: never, next: () => Promise<void>) => {
    roots.push(currentInvocation()?.root.spanContext().spanId)
    await next()
    roots.push(currentInvocation()?.root.spanContext().spanId)
  }
  const app = application(telemetry({ telemetry: pipe, flush: 'before-response' }), { below: [seen] })
  await app.fetch(new Request('http://shop.example/v1/orders/7'))
  const id = exporter.spans.at(-1)?.spanContext().spanId
  expect(roots).toEqual([id, id])
})
