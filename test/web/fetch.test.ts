/** The opt-in traced `fetch`, on Node, against a real server. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { traced, tracedFetch } from '../../src/web/fetch.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

const seen: { method: string | undefined; headers: Record<string, unknown>; body: string }[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  seen.push({ method: request.method, headers: request.headers, body })
  response.statusCode = Number(new URL(request.url ?? '', 'http://x').searchParams.get('status') ?? 200)
  response.end('answer')
})
let origin: string
let port: number

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
  origin = `http://127.0.0.1:${port}`
})
afterAll(() => void server.close())
beforeEach(() => void (seen.length = 0))
afterEach(() => {
  propagation.disable()
  newIsolate()
})

/** Runs a function in an invocation. @returns the client spans, the root span, and the result or the error */
async function within<T>(run: () => Promise<T>) {
  const { exporter, telemetry } = pipeline()
  const result = await withTelemetry(run, { telemetry })().catch((error: unknown) => ({ error }))
  const spans = exporter.spans
  return { result, clients: spans.filter(({ kind }) => kind === SpanKind.CLIENT), root: spans.at(-1) }
}

describe('a traced `fetch` in an invocation', () => {
  test('records a client span by the semantic conventions, as a child of the active span', async () => {
    const { clients, root } = await within(async () => (await tracedFetch(`${origin}/orders?page=2`)).text())
    expect(clients).toHaveLength(1)
    expect(clients[0]).toMatchObject({ name: 'GET', kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } })
    expect(clients[0]?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
    expect(clients[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': port,
      'url.full': `${origin}/orders?page=2`,
    })
  })

  test('sends the context of that span', async () => {
    const { clients, result } = await within(async () => (await tracedFetch(origin)).text())
    const { traceId, spanId } = clients[0]?.spanContext() ?? {}
    expect(seen[0]?.headers.traceparent).toBe(`00-${traceId}-${spanId}-01`)
    expect(seen[0]?.headers.tracestate).toBeUndefined()
    expect(result).toBe('answer')
  })

  test('sends the context in the headers of the registered propagator, and in no others', async () => {
    propagation.setGlobalPropagator({
      fields: () => ['x-trace'],
      inject: (within, carrier, setter) => setter.set(carrier, 'x-trace', trace.getSpanContext(within)?.spanId ?? ''),
      extract: (within) => within,
    })
    const { clients } = await within(() => tracedFetch(origin))
    expect(seen[0]?.headers).toMatchObject({ 'x-trace': clients[0]?.spanContext().spanId })
    expect(seen[0]?.headers).not.toHaveProperty('traceparent')
  })

  test.each([[399, SpanStatusCode.UNSET], [400, SpanStatusCode.ERROR], [404, SpanStatusCode.ERROR], [503, SpanStatusCode.ERROR]])('records an answer with status %d as span status %d', async (status, code) => {
    const { clients } = await within(() => tracedFetch(`${origin}/?status=${status}`))
    expect(clients[0]?.status.code).toBe(code)
    expect(clients[0]?.attributes['error.type']).toBe(code === SpanStatusCode.ERROR ? `${status}` : undefined)
  })

  test('redacts credentials in the span, but not in the request', async () => {
    const fetched = vi.fn(async (_input: string) => new Response())
    const url = 'https://user:secret@bucket.test/a?X-Amz-Signature=abc&b=1&sig=xyz#top'
    const { clients } = await within(() => traced({ fetch: fetched }).fetch(url))
    expect(clients[0]?.attributes).toMatchObject({
      'url.full': 'https://REDACTED:REDACTED@bucket.test/a?X-Amz-Signature=REDACTED&b=1&sig=REDACTED#top',
      'server.port': 443,
    })
    expect(fetched.mock.calls[0]?.[0]).toBe(url)
  })

  test('sends a Request with its method, headers and body, and does not change it', async () => {
    const request = new Request(origin, { method: 'PUT', body: 'an order', headers: { 'x-mine': '1' } })
    const { clients } = await within(() => tracedFetch(request))
    expect(seen[0]).toMatchObject({ method: 'PUT', body: 'an order', headers: { 'x-mine': '1', traceparent: expect.any(String) } })
    expect([...request.headers.keys()]).not.toContain('traceparent')
    expect(clients[0]?.name).toBe('PUT')
  })

  test('sends options as they are, and does not change them', async () => {
    const headers = { 'x-mine': '2' }
    const init: RequestInit = { method: 'post', headers, body: new Blob(['b']).stream(), duplex: 'half' } as RequestInit
    const { clients } = await within(() => tracedFetch(new URL(origin), init))
    expect(seen[0]).toMatchObject({ method: 'POST', body: 'b', headers: { 'x-mine': '2' } })
    expect(headers).toEqual({ 'x-mine': '2' })
    expect(init.headers).toBe(headers)
    expect(clients[0]?.name).toBe('POST')
  })

  test.each([
    ['a frozen object', (headers: HeadersInit): RequestInit => Object.freeze({ method: 'PUT', headers })],
    ['a Request', (headers: HeadersInit): RequestInit => new Request(origin, { method: 'PUT', headers })],
  ])('takes %s as its options', async (_what, options) => {
    await within(() => tracedFetch(origin, options({ 'x-mine': '2' })))
    expect(seen).toMatchObject([{ method: 'PUT', headers: { 'x-mine': '2', traceparent: expect.any(String) } }])
  })

  test('sends the context even if a `fetch` that somebody has wrapped passes on a copy of the options', async () => {
    const copies = traced({ fetch: (url: string, init?: RequestInit) => fetch(url, { ...init }) })
    await within(() => copies.fetch(origin, { method: 'PUT' }))
    expect(seen).toMatchObject([{ method: 'PUT', headers: { traceparent: expect.any(String) } }])
  })

  test('names the span HTTP if the method is unknown', async () => {
    const { clients } = await within(() => traced({ fetch: async (_url: string, _init: RequestInit) => new Response() }).fetch('http://x.test', { method: 'BREW' }))
    expect(clients[0]).toMatchObject({ name: 'HTTP', attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' } })
  })

  test('rethrows what `fetch` throws, and records it', async () => {
    const error = new TypeError('network down')
    const { result, clients } = await within(() => traced({ fetch: (_url: string) => Promise.reject(error) }).fetch('http://x.test'))
    expect(result).toEqual({ error })
    expect((result as { error: unknown }).error).toBe(error)
    expect(clients[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'network down' }, attributes: { 'error.type': 'TypeError' } })
  })

  test.each([['no url', undefined], ['http://x.test', { headers: { 'no header': '1' } }], ['http://y.test', { headers: null }]])('fails as `fetch` does, without a span, on arguments that `fetch` cannot use: %s', async (url, init) => {
    const expected = await fetch(url, init as never).catch((error: Error) => error)
    const { result, clients } = await within(() => tracedFetch(url, init as never))
    expect((result as { error: Error }).error.message).toBe((expected as Error).message)
    expect(clients).toEqual([])
  })

  test('calls the `fetch` of a binding on that binding', async () => {
    class Binding {
      #name = 'orders'
      fetch = async (_url: string) => new Response(this.#name)
    }
    class Strict {
      #name = 'strict'
      async fetch(_url: string) {
        return new Response(this.#name)
      }
    }
    const { result } = await within(() => Promise.all([new Binding(), new Strict()].map(async (it) => (await traced(it).fetch('http://x.test')).text())))
    expect(result).toEqual(['orders', 'strict'])
  })
})

test('a traced application gets its bindings and context as they are, and the trace in a copy of the request', async () => {
  const app = { fetch: vi.fn(async (request: Request, _env: object, _ctx: object) => new Response(await request.text())) }
  const [env, ctx] = [{ headers: 'a binding', method: 1 }, { waitUntil() {} }]
  const request = new Request(`${origin}/orders`, { method: 'PUT', body: 'an order', headers: { 'x-mine': '1' } })
  const { result, clients } = await within(async () => (await traced(app).fetch(request, env, ctx)).text())
  expect(result).toBe('an order')
  const [given, ...more] = app.fetch.mock.calls[0] ?? []
  expect([given?.method, given?.url, given?.headers.get('x-mine')]).toEqual(['PUT', `${origin}/orders`, '1'])
  expect(given?.headers.get('traceparent')).toContain(clients[0]?.spanContext().spanId)
  expect(request.headers.has('traceparent')).toBe(false)
  expect([more[0] === env, more[1] === ctx, more.length]).toEqual([true, true, 2])
  expect(clients).toMatchObject([{ name: 'PUT', attributes: { 'http.response.status_code': 200 } }])
})

test('a traced application gets the original request if the body has been read', async () => {
  const app = { fetch: async (given: Request, _env: object, _ctx: object) => new Response(`${given === request}`) }
  const request = new Request(origin, { method: 'PUT', body: 'an order' })
  await request.text()
  const { result } = await within(async () => (await traced(app).fetch(request, {}, {})).text())
  expect(result).toBe('true')
})

test.each([
  ['a string', () => origin],
  ['a URL', () => new URL(origin)],
  ['a request', () => new Request(origin, { headers: { 'x-tenant': 'none' } })],
])('a traced `fetch` of %s takes another Request as its options, as `fetch` does', async (_what, target) => {
  const like = () => new Request('http://elsewhere.test/', { method: 'POST', headers: { 'x-tenant': 'one' }, body: 'order' })
  await fetch(target(), like())
  await within(() => tracedFetch(target(), like()))
  const [bare, ours] = seen.map(({ method, body, headers }) => [method, body, headers['x-tenant'], headers['content-type']])
  expect(ours).toEqual(bare)
  expect(bare).toEqual(['POST', 'order', 'one', 'text/plain;charset=UTF-8'])
})

describe('a traced `fetch` outside of an invocation', () => {
  test('is a plain `fetch`: it records no span and sends no context', async () => {
    const { exporter } = pipeline()
    const response = await tracedFetch(origin, { headers: { traceparent: 'mine' } })
    expect(await response.text()).toBe('answer')
    expect(seen[0]?.headers).toMatchObject({ traceparent: 'mine' })
    expect(exporter.spans).toEqual([])
  })

  test('fails as that `fetch` does', async () => {
    const error = new TypeError('network down')
    await expect(traced({ fetch: (_url: string) => Promise.reject(error) }).fetch('http://x.test')).rejects.toBe(error)
  })

  test('sends the context of the active span', async () => {
    const { tracer, exporter } = pipeline()
    // Registers a context manager.
    await withTelemetry(async () => {}, { telemetry: () => {} })()
    const span = tracer.startSpan('mine')
    await context.with(trace.setSpan(context.active(), span), () => tracedFetch(origin))
    expect(seen[0]?.headers.traceparent).toBe(`00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`)
    expect(exporter.spans).toEqual([])
  })
})
