/** What `withTelemetry` of `flushed/edge` does with a handler, and its options: in this process, with in-memory exporters. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { wrapInfo } from 'flushed'
import { telemetry, withTelemetry } from 'flushed/edge'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

const quiet = { flush: 'before-response' } as const

describe('the root span', () => {
  const describedAs = async (handler: (...args: never[]) => unknown, args: unknown[], options: Parameters<typeof telemetry>[0] = {}) => {
    const { exporter, telemetry } = pipeline()
    await withTelemetry(handler as () => unknown, { telemetry, ...quiet, ...options }).apply(undefined, args as never)
    const [root] = exporter.spans
    return { name: root?.name, kind: root?.kind, attributes: root?.attributes, parent: root?.parentSpanContext?.spanId }
  }

  test('has the route in its name if the `route` option is set', async () => {
    const request = new Request('https://shop.example:8443/orders/7?page=2', { method: 'PUT' })
    expect(await describedAs(() => new Response(null, { status: 503 }), [request], { route: '/orders/:id' })).toMatchObject({
      name: 'PUT /orders/:id',
      kind: SpanKind.SERVER,
      attributes: { 'http.route': '/orders/:id', 'url.path': '/orders/7', 'server.port': 8443, 'http.response.status_code': 503, 'error.type': '503' },
    })
  })

  test('is a child of the caller’s span', async () => {
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    expect(await describedAs(() => new Response(), [new Request('https://shop.example/', { headers })])).toMatchObject({ parent: 'b7ad6b7169203331' })
  })

  test.each([
    ['an event', { request: new Request('https://shop.example/orders'), respondWith() {} }],
    ['a context', { request: new Request('https://shop.example/orders'), env: {} }],
    ['an event of h3', { req: new Request('https://shop.example/orders'), url: new URL('https://shop.example/orders') }],
    ['the input of SvelteKit’s `handle`', { event: { request: new Request('https://shop.example/orders') }, resolve() {} }],
  ])('describes the request that %s has', async (_what, event) => {
    expect(await describedAs(() => new Response(), [event])).toMatchObject({ name: 'GET', kind: SpanKind.SERVER })
  })

  test.each([[undefined], [null], ['nightly'], [{ request: 'yes' }], [{ event: 'signup' }], [{ url: '/old', method: 'GET', headers: {} }]])(
    'is internal and has the name of the function if there is no request: %j',
    async (argument) => {
      expect(await describedAs(function nightly() {}, [argument])).toMatchObject({ name: 'nightly', kind: SpanKind.INTERNAL, attributes: {} })
    },
  )
})

describe('a result that only looks like a response', () => {
  const returning = async (result: object) => {
    const { exporter, telemetry } = pipeline()
    const warnings: string[] = []
    const logger = { warn: (line: string) => void warnings.push(line) }
    expect(await withTelemetry(async () => result, { telemetry, logger, ...quiet })()).toBe(result)
    return { spans: exporter.spans, warnings }
  }

  test.each<[string, object]>([
    ['a row of data', { status: 'sent', headers: { subject: 'your order' }, body: 'It is on its way.' }],
    ['an answer without a status, as of h3’s `html()`', { status: undefined, headers: new Headers(), body: '<p>' }],
    ['headers that are none', { status: 500, headers: [['subject', 'your order']], body: null }],
  ])('is passed on, and nothing is recorded or said of it: %s', async (_what, result) => {
    const { spans, warnings } = await returning(result)
    expect(spans).toMatchObject([{ status: { code: SpanStatusCode.UNSET }, attributes: {} }])
    expect(warnings).toEqual([])
  })

  test('has its status recorded if it has one and headers, and its body is left alone if it is none', async () => {
    const { spans, warnings } = await returning({ status: 503, headers: new Headers(), body: 'later' })
    expect(spans[0]?.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' })
    expect(warnings).toEqual([])
  })
})

describe('what a framework’s handler throws', () => {
  const request = new Request('https://shop.example/orders')
  const thrownFrom = async (thrown: unknown, argument: unknown = { request, params: {} }) => {
    const { exporter, telemetry } = pipeline()
    const loader = withTelemetry(async (_of: unknown) => {
      throw thrown
    }, { telemetry, ...quiet })
    await expect(loader(argument)).rejects.toBe(thrown)
    const [root] = exporter.spans
    return { code: root?.status.code, events: root?.events.length, attributes: root?.attributes }
  }

  test.each([
    ['a response', Response.redirect('https://shop.example/login'), 302],
    ['`data()` of React Router', { type: 'DataWithResponseInit', data: null, init: { status: 404 } }, 404],
    ['`redirect()` of SvelteKit', { status: 307, location: '/login' }, 307],
  ])('is not an error if it is %s: the root span has its status', async (_what, thrown, status) => {
    const { code, events, attributes } = await thrownFrom(thrown)
    expect([code, events, attributes?.['http.response.status_code']]).toEqual([SpanStatusCode.UNSET, 0, status])
    expect(attributes).not.toHaveProperty('error.type')
  })

  test('is an error by its status if it is a response with status 503', async () => {
    const { code, attributes } = await thrownFrom(new Response(null, { status: 503 }))
    expect([code, attributes?.['http.response.status_code'], attributes?.['error.type']]).toEqual([SpanStatusCode.ERROR, 503, '503'])
  })

  test.each([
    ['an Error that has a status', Object.assign(new Error('gone'), { status: 410 }), undefined],
    ['an object without a status', { data: null, init: null }, undefined],
    ['an object with a status, as many other objects have', { status: 404, message: 'no such order' }, undefined],
    ['a response, but the event has `waitUntil` and so is the platform’s own', new Response(null, { status: 404 }), { request, waitUntil() {} }],
    ['a response, but the platform itself would have to handle it', new Response(null, { status: 404 }), request],
  ])('is an error if it is %s', async (_what, thrown, argument) => {
    const { code, attributes } = await thrownFrom(thrown, argument)
    expect(code).toBe(SpanStatusCode.ERROR)
    expect(attributes).not.toHaveProperty('http.response.status_code')
  })

  test('is an error if it throws when it is inspected', async () => {
    const hostile = new Proxy({}, { has: () => { throw new Error('no') }, get: () => { throw new Error('no') } })
    const { exporter, telemetry } = pipeline()
    await expect(withTelemetry(async (_of: unknown) => { throw hostile }, { telemetry, ...quiet })({ request })).rejects.toBeDefined()
    expect(exporter.spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR])
  })

  test('is an error of a wrapped function, and of one inside it, if their argument throws when it is inspected', async () => {
    const reference = new Proxy({}, { get: () => { throw new Error('a temporary client reference') } })
    const { exporter, telemetry } = pipeline()
    const inner = withTelemetry(async (_of: unknown) => { throw new RangeError('out of stock') }, { telemetry, ...quiet })
    await expect(withTelemetry(async (of: unknown) => inner(of), { telemetry, ...quiet })(reference)).rejects.toThrow('out of stock')
    expect(exporter.spans.map(({ status, attributes }) => [status.code, attributes['flushed.unfinished']])).toEqual(Array(2).fill([SpanStatusCode.ERROR, undefined]))
  })

  test('is not an error of a wrapped function inside either, if it is a response', async () => {
    const { exporter, telemetry } = pipeline()
    const inner = withTelemetry(async (_of: unknown) => {
      throw Response.redirect('https://shop.example/login')
    }, { telemetry, ...quiet })
    await expect(withTelemetry(async (of: unknown) => inner(of), { telemetry, ...quiet })({ request })).rejects.toBeInstanceOf(Response)
    expect(exporter.spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET])
  })
})

describe('a wrapped handler', () => {
  test('has the name, length and properties of the original, which `wrapInfo()` returns', () => {
    const handler = Object.assign(async function found(_request: Request) { return new Response() }, { config: { path: '/orders' } })
    const wrapped = withTelemetry(handler)
    expect([wrapped.name, wrapped.length, wrapped.config]).toEqual(['found', 1, { path: '/orders' }])
    expect(wrapInfo(wrapped)).toEqual({ platform: 'edge', original: handler })
  })

  test('passes on `this` and every argument', async () => {
    const self = { handler: withTelemetry(async function (this: unknown, ...args: unknown[]) { return [this, ...args] }, quiet) }
    expect(await self.handler(1, 2, 3)).toEqual([self, 1, 2, 3])
  })

  test.each([
    [{ waitUntil: 'later' }, '`waitUntil` must be a function, got "later"'],
    [{ route: '' }, '`route` must be a non-empty string, got ""'],
    [{ streamIdleMs: 0 }, '`streamIdleMs` must be a positive number of milliseconds, got 0'],
    [{ streamIdleMs: '5000' }, '`streamIdleMs` must be a positive number of milliseconds, got "5000"'],
    [{ streamIdleMs: Infinity }, '`streamIdleMs` must be a positive number of milliseconds, got Infinity'],
    [{ waituntil: () => {} }, 'unknown option `waituntil`'],
  ])('throws a TypeError when it is created with %j', (options, message) => {
    expect(() => withTelemetry(async () => {}, options as never)).toThrow(message)
    expect(() => withTelemetry(async () => {}, options as never)).toThrow(TypeError)
  })

  test('throws when it is created from a value that is not a function', () => {
    expect(() => telemetry()({} as never)).toThrow('`handler` must be a function, and no generator, got {}')
  })
})
