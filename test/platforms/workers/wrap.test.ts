/** What `withTelemetry` does with a Worker, with a fake of the runtime's context. For real workerd, see requests.test.ts. */
import { fakeClock, useClock } from 'flushed/testing'
import { withTelemetry } from 'flushed/workers'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { FlushReport } from 'flushed'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

function fakeContext() {
  const works: Promise<unknown>[] = []
  return { waitUntil: (work: Promise<unknown>) => void works.push(work), over: () => Promise.all(works) }
}

const request = () => new Request('https://orders.example/')

describe('what `withTelemetry` wraps', () => {
  test('keeps its own `this`: an application may have private members', async () => {
    class App {
      readonly #greeting = 'hello'
      fetch(_request: Request) {
        return new Response(this.#greeting)
      }
    }
    const { fetch } = withTelemetry(new App(), { telemetry: pipeline().telemetry })
    expect(await (await fetch(request())).text()).toBe('hello')
  })

  test('keeps its other properties', () => {
    const app = { fetch: () => new Response(), routes: ['/orders'] }
    expect(withTelemetry(app, { telemetry: pipeline().telemetry }).routes).toBe(app.routes)
  })

  test.each([['an object without handlers', { routes: [] }], ['null', null], ['a string', 'fetch']])('is not %s', (_what, target) => {
    expect(() => withTelemetry(target as object)).toThrow(/option `handler` must be a function, or an object with fetch/)
  })
})

describe('a single handler', () => {
  test.each<[string, object, object]>([
    ['a request', request(), { name: 'GET', attributes: { 'faas.trigger': 'http' } }],
    ['a cron event', { cron: '* * * * *' }, { name: 'scheduled', attributes: { 'faas.trigger': 'timer' } }],
    ['a batch', { queue: 'orders', messages: [{ id: '1', body: {} }] }, { name: 'process orders' }],
    ['an e-mail, which has headers too', { from: 'a', headers: new Headers(), raw: new ReadableStream() }, { name: 'email' }],
    ['logged events', [{ scriptName: 'orders', logs: [] }], { name: 'tail' }],
    ['a socket', { readable: new ReadableStream(), writable: new WritableStream() }, { name: 'connect' }],
    ['something else', { id: 7 }, { name: 'handle', attributes: { 'faas.trigger': 'other' } }],
  ])('is described by what it is called with: %s', async (_what, event, expected) => {
    const { exporter, telemetry } = pipeline()
    const context = fakeContext()
    const handle = async (given: object, _env: object, _context: object) => given instanceof Request ? new Response() : undefined
    await withTelemetry(handle, { telemetry })(event, {}, context)
    await context.over()
    expect(exporter.spans).toMatchObject([expected])
  })
})

describe('options', () => {
  test('are checked when wrapping', () => {
    expect(() => withTelemetry({ fetch: () => new Response() }, { streamIdleMs: -1 })).toThrow(/`streamIdleMs` must be .* got -1/)
  })

  test('that a function fails to make are logged once, and handlers run without telemetry', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const worker = withTelemetry({ fetch: (_request: Request, _env: object) => new Response('hello') }, () => ({ timeoutMs: -1 }))
    for (const env of [{}, {}]) expect(await (await worker.fetch(request(), env)).text()).toBe('hello')
    expect(error.mock.calls).toEqual([[expect.stringContaining('no telemetry, since its options failed: flushed: option `timeoutMs`')]])
  })
})

test('a fake scheduled event may have no time', async () => {
  const { exporter, telemetry } = pipeline()
  await withTelemetry({ scheduled: async (_event: object) => {} }, { telemetry }).scheduled({ cron: '* * * * *' })
  expect(exporter.spans).toMatchObject([{ name: 'scheduled', attributes: { 'faas.cron': '* * * * *' } }])
})

test.each([
  ['resolve', async () => ({ telemetry: pipeline().telemetry })],
  ['reject', async () => Promise.reject(new Error('no such secret'))],
])('options that are a promise, which will %s, are not used: the log says so, and nothing rejects unhandled', async (_what, options) => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  onTestFinished(() => void process.off('unhandledRejection', unhandled))
  const worker = withTelemetry({ fetch: (_request: Request, _env: object) => new Response('hello') }, options as never)
  expect(await (await worker.fetch(request(), {})).text()).toBe('hello')
  await new Promise(setImmediate)
  expect(error.mock.calls).toEqual([[expect.stringContaining('its options failed: they may not be a promise')]])
  expect(unhandled).not.toHaveBeenCalled()
})

test('options that a function makes are made once per isolate, though an outer handler copies `env` for each request', async () => {
  const { exporter, telemetry } = pipeline()
  const options = vi.fn((_env: object) => ({ telemetry }))
  const worker = withTelemetry({ fetch: (_request: Request, _env: object) => new Response('hello') }, options)
  for (const id of [1, 2, 3]) await worker.fetch(request(), { id })
  expect(options.mock.calls).toEqual([[{ id: 1 }]])
  expect(exporter.spans).toHaveLength(3)
})

test('a flush after background work that has recorded nothing makes no report', async () => {
  const reports: FlushReport[] = []
  const { telemetry } = pipeline()
  const ctx = fakeContext()
  const worker = withTelemetry({
    async fetch(_request: Request, _env: object, { waitUntil }: typeof ctx) {
      waitUntil(new Promise(setImmediate))
      return new Response('hello')
    },
  }, { telemetry, onFlush: (report) => void reports.push(report) })
  await worker.fetch(request(), {}, ctx)
  await ctx.over()
  expect(reports.map(({ phase, outcome }) => [phase, outcome])).toEqual([['after-response', 'delivered']])
})

test('a body that cannot be followed is sent as it is, and its invocation ends', async () => {
  const { exporter, telemetry } = pipeline()
  const warn = vi.fn()
  const ctx = fakeContext()
  const response = new Response('hello')
  Object.defineProperty(response, 'body', { get: () => { throw new TypeError('hostile') } })
  const worker = withTelemetry({ fetch: (_request: Request, _env: object, _ctx: object) => response }, { telemetry, logger: { warn } })
  expect(await worker.fetch(request(), {}, ctx)).toBe(response)
  await ctx.over()
  expect(exporter.spans.map(({ name }) => name)).toEqual(['GET'])
  expect(warn.mock.calls).toEqual([['flushed: following the result failed: hostile']])
})

test('background work has its time, however soon the body of its response would have been idle', async () => {
  const clock = fakeClock()
  useClock(clock)
  const { exporter, telemetry, tracer } = pipeline()
  const reports: FlushReport[] = []
  const ctx = fakeContext()
  let over!: () => void
  const worker = withTelemetry({
    fetch({ url }: Request, _env: object, { waitUntil }: typeof ctx) {
      if (url.endsWith('quick')) return new Response('hello')
      const audit = tracer.startSpan('audit')
      waitUntil(new Promise<void>((resolve) => (over = resolve)).then(() => audit.end()))
      return new Response(new ReadableStream({ start: (controller) => controller.close() }))
    },
  }, { telemetry, streamIdleMs: 500, onFlush: (report) => void reports.push(report) })
  await (await worker.fetch(request(), {}, ctx)).text()
  await clock.advance(900)
  await worker.fetch(new Request('https://orders.example/quick'), {}, fakeContext())
  over()
  await clock.advance(900)
  await ctx.over()
  expect(exporter.spans.map(({ name, attributes }) => [name, attributes['flushed.unfinished']])).toContainEqual(['audit', undefined])
  expect(reports.map(({ spans }) => spans.late + spans.endedByDispose)).toEqual([0, 0, 0])
})

test('a request that the runtime has silently stopped is ended by one that comes 15 minutes later', async () => {
  const clock = fakeClock()
  useClock(clock)
  const { exporter, telemetry } = pipeline()
  const worker = withTelemetry({
    fetch: ({ url }: Request) => (url.endsWith('stuck') ? new Promise<Response>(() => {}) : new Response('hello')),
  }, { telemetry, name: 'orders', logger: false })
  void worker.fetch(new Request('https://orders.example/stuck'))
  await clock.advance(14 * 60_000)
  await worker.fetch(request())
  expect(exporter.spans).toHaveLength(1)
  await clock.advance(61_000)
  await worker.fetch(request())
  expect(exporter.spans).toHaveLength(3)
})
