/** Route handlers and the proxy in a real application, which Next builds with the package as users get it, and starts. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CollectedSpan } from 'flushed/testing'
import { type NextApp, startNext } from '../../support/next.ts'

let app: NextApp
/** The very first request to the process. */
let first: Awaited<ReturnType<NextApp['request']>>

beforeAll(async () => {
  app = await startNext()
  first = await app.request('/api/orders/1')
  // The first request of each kind takes Next longer than a flush may take.
  await Promise.all(['/api/edge', '/proxied'].map((path) => app.request(path)))
}, 300_000)
beforeEach(() => app.collector.behave('ok'))
afterAll(() => app[Symbol.asyncDispose]())

const ORDER = 'GET /api/orders/[id]'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Those of the spans that are not Next's own: the name of the parent, the kind, and the name. */
const ours = (spans: Awaited<ReturnType<NextApp['spans']>>) =>
  spans
    .filter(({ scope }) => scope?.name === 'flushed')
    .map(({ name, kind, parentSpanId }) => [spans.find(({ spanId }) => spanId === parentSpanId)?.name, kind, name])

/** Whether a span is a root span: it has the request's attributes, and is not Next's own. */
const isRoot = ({ scope, attributes }: CollectedSpan) => scope?.name === 'flushed' && 'http.request.method' in attributes

describe.each([
  ['node', '/api/orders/7', ORDER, { id: '7' }, 'internal'],
  ['edge', '/api/edge', 'GET /api/edge', { runtime: 'edge-runtime' }, 'server'],
])('in a real Next, a route handler on the %s runtime', (runtime, path, root, body, kind) => {
  test('gives its answer, and its spans are delivered', async () => {
    const answer = await app.request(path)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, body])
    const spans = await app.spans(answer, root)
    expect(ours(spans)).toContainEqual([root, 'internal', 'SELECT orders'])
    expect(spans.find(({ name, scope }) => name === root && scope?.name === 'flushed')).toMatchObject({
      kind,
      attributes: { 'http.request.method': 'GET', 'http.route': root.slice(4), 'url.path': path, 'http.response.status_code': 200 },
      status: { code: 'unset' },
    })
  })

  test('does not wait for a collector that takes 1,000 ms', async () => {
    app.collector.behave({ delayMs: 1000 })
    const answer = await app.request(path)
    expect(app.collector.acknowledged(answer.traceId)).toEqual([])
    await app.spans(answer, root)
  })

  test('does not wait for a collector that hangs; unacknowledged spans go with the next flush', async () => {
    app.collector.behave('hang')
    const timedOut = () => app.reports().filter(({ outcome }) => outcome === 'timed_out').length
    const before = timedOut()
    const answer = await app.request(path)
    expect(timedOut()).toBe(before)
    await expect.poll(timedOut, { timeout: 10_000 }).toBe(before + 1)
    app.collector.behave('ok')
    const next = await app.request(path)
    await app.spans(next, root)
    await app.spans(answer, root)
    app.collector.release({ status: 400 })
  })

  test('that throws is answered with 500; Next logs the error itself, and the root span has it', async () => {
    const answer = await app.request(path, { method: 'POST' })
    expect(answer.status).toBe(500)
    expect(app.logs()).toContain(`RangeError: no such order${runtime === 'edge' ? ' at the edge' : ''}`)
    const spans = await app.spans(answer, runtime === 'edge' ? 'POST' : 'POST /api/orders/[id]')
    expect(spans.find(isRoot)).toMatchObject({
      attributes: { 'error.type': 'RangeError' },
      status: { code: 'error', message: expect.stringContaining('no such order') },
      events: [{ name: 'exception' }],
    })
  })
})

describe('in a real Next, a route handler', () => {
  test('is in Next’s own trace from the first request on', async () => {
    const spans = await app.spans(first, ORDER)
    expect(spans.find(isRoot)).toMatchObject({ kind: 'internal', attributes: { 'url.path': '/api/orders/1' } })
    expect(spans.filter(({ kind }) => kind === 'server')).toHaveLength(1)
  })

  test('is in Next’s own trace; the same flush has the spans of Next around it, and spans left open', async () => {
    const requests = app.collector.requests.length
    const answer = await app.request('/api/orders/7')
    expect(answer.headers.get('x-order')).toBe('found')
    const spans = await app.spans(answer, ORDER)
    expect(ours(spans)).toEqual([
      [ORDER, 'internal', 'SELECT orders'],
      [ORDER, 'internal', 'left open'],
      ['executing api route (app) /api/orders/[id]', 'internal', ORDER],
    ])
    expect(spans.find(({ name }) => name === 'left open')?.attributes).toEqual({ 'flushed.unfinished': true })
    // Requests are counted by their server spans, and Next's own is that of the request.
    const servers = spans.filter(({ kind }) => kind === 'server')
    expect(servers.map(({ attributes }) => attributes['next.span_type'])).toEqual(['BaseServer.handleRequest'])
    expect(app.collector.requests.length).toBe(requests + 1)
    await expect.poll(() => app.reports().at(-1)).toMatchObject({ outcome: 'delivered', phase: 'after-response', warnings: [] })
  })

  test.each([
    ['redirect()', '/api/redirect', {}, 307, '/form'],
    ['redirect() after a form', '/api/redirect', { method: 'POST', body: new URLSearchParams({ item: 'books' }).toString(), headers: FORM }, 303, '/form'],
    ['redirect() after a form of several parts', '/api/redirect', { method: 'POST', body: new FormData() }, 303, '/form'],
    ['redirect() after a request with a `next-action` header', '/api/redirect', { method: 'POST', headers: { 'next-action': '' } }, 303, '/form'],
    ['redirect() after JSON', '/api/redirect', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }, 307, '/form'],
    ['notFound()', '/api/missing', {}, 404, null],
    ['notFound() after a form of several parts', '/api/missing', { method: 'POST', body: new FormData() }, 404, null],
  ])('that ends with %s does so, and is not an error', async (_what, path, init: RequestInit, status, location) => {
    const answer = await app.request(path, init)
    expect([answer.status, answer.headers.get('location')]).toEqual([status, location])
    const spans = await app.spans(answer, init.method ?? 'GET')
    expect(spans.find(({ scope }) => scope?.name === 'flushed')).toMatchObject({
      attributes: { 'http.response.status_code': status },
      status: { code: 'unset' },
      events: [],
    })
  })

  test('that streams has a root span as long as the stream, which does not wait for the flush', async () => {
    app.collector.behave({ delayMs: 1000 })
    const answer = await app.request('/api/stream')
    expect(answer.text).toBe('line 1\nline 2\nline 3\n')
    expect(app.collector.acknowledged(answer.traceId)).toEqual([])
    const root = (await app.spans(answer, 'GET')).find(isRoot)
    expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(145)
  })

  test('may do work in `after()`, which delays nothing, and whose spans are delivered', async () => {
    const answer = await app.request('/api/after', { method: 'POST' })
    expect(app.collector.acknowledged(answer.traceId).some(({ name }) => name === 'audit')).toBe(false)
    expect(ours(await app.spans(answer, 'audit'))).toEqual([
      ['executing api route (app) /api/after', 'internal', 'POST'],
      ['POST', 'internal', 'audit'],
    ])
    await expect.poll(() => app.reports().at(-1)).toMatchObject({ phase: 'background', spans: { acknowledged: 1, late: 0 }, warnings: [] })
  })

  test('whose response waits for the flush does not wait for work in `after()`', async () => {
    const answer = await app.request('/api/after', { method: 'PUT' })
    expect(app.collector.acknowledged(answer.traceId).map(({ name }) => name)).toContain('waits')
    const report = app.reports().findLast(({ phase }) => phase === 'before-response')
    expect(report?.outcome).toBe('delivered')
    // Nothing warns of Next's own span around it either: nothing can be done about that.
    expect(report?.warnings).toEqual([])
  })

  test('that is wrapped without options flushes the global provider, which the instrumentation has registered', async () => {
    const answer = await app.request('/api/global')
    expect(answer.text).toBe('without options')
    expect(ours(await app.spans(answer, 'GET'))).toEqual([
      ['GET', 'internal', 'SELECT orders'],
      ['executing api route (app) /api/global', 'internal', 'GET'],
    ])
  })

  test('that is static is run by the build', async () => {
    const answer = await app.request('/api/static')
    expect([answer.headers.get('x-nextjs-cache'), JSON.parse(answer.text)]).toEqual(['HIT', { built: true }])
  })
})

describe('in a real Next, an API route of the pages router', () => {
  const SERVER = ({ scope, kind }: { scope?: { name: string }; kind: string }) => scope?.name === 'flushed' && kind === 'server'

  test('for Node’s requests, wrapped by `flushed/node`, does not wait for its flush, and its spans are delivered', async () => {
    app.collector.behave({ delayMs: 1000 })
    const answer = await app.request('/api/invoices/7?page=2')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([201, { id: '7' }])
    expect(app.collector.acknowledged(answer.traceId)).toEqual([])
    const spans = await app.spans(answer, 'invoices')
    expect(ours(spans)).toContainEqual(['invoices', 'internal', 'SELECT invoices'])
    expect(ours(spans)).toContainEqual(['invoices', 'internal', 'audit'])
    expect(spans.find(SERVER)?.attributes).toMatchObject({
      'http.request.method': 'GET', 'http.route': '/api/invoices/[id]', 'url.path': '/api/invoices/7', 'url.query': 'page=2', 'http.response.status_code': 201,
    })
    await expect.poll(() => app.reports().at(-1)).toMatchObject({ outcome: 'delivered', phase: 'background' })
  })

  test('for Node’s requests, wrapped by `flushed/node`, that throws is answered with 500, and its root span has the error', async () => {
    const answer = await app.request('/api/invoices/7', { method: 'POST' })
    expect(answer.status).toBe(500)
    expect((await app.spans(answer, 'SELECT invoices')).find(SERVER)).toMatchObject({
      attributes: { 'error.type': 'RangeError', 'http.response.status_code': 500 },
      status: { code: 'error', message: 'no such invoice' },
    })
  })

  test('for web requests, on the edge runtime, can be wrapped by `flushed/next`', async () => {
    const answer = await app.request('/api/old-edge')
    expect(JSON.parse(answer.text)).toEqual({ router: 'pages' })
    const spans = await app.spans(answer, 'GET /api/old-edge')
    expect(spans.find(SERVER)?.attributes).toMatchObject({ 'http.request.method': 'GET', 'http.response.status_code': 200 })
    await expect.poll(() => app.reports().at(-1)).toMatchObject({ outcome: 'delivered', phase: 'after-response' })
  })

  test('for Node’s requests, wrapped by `flushed/next`, waits for its flush like any function, and one line says so', async () => {
    for (let request = 0; request < 2; request++) {
      const answer = await app.request('/api/old')
      expect(JSON.parse(answer.text)).toEqual({ router: 'pages' })
      expect(ours(await app.spans(answer, 'old'))).toContainEqual(['old', 'internal', 'SELECT orders'])
      await expect.poll(() => app.reports().at(-1)?.phase).toBe('before-response')
    }
    expect(app.logs().match(/next cannot flush after the response here.*/g)).toEqual([expect.stringContaining('nor do the options')])
  })
})

describe('in a real Next, the proxy', () => {
  test.each([
    ['lets a request pass', '/proxied', 200, 'behind the proxy'],
    ['answers it itself', '/proxied?blocked', 403, 'blocked'],
  ])('%s without waiting for its flush, and its spans are delivered', async (_what, path, status, text) => {
    app.collector.behave({ delayMs: 1000 })
    const answer = await app.request(path)
    expect(answer).toMatchObject({ status, text })
    expect(app.collector.acknowledged(answer.traceId)).toEqual([])
    const spans = await app.spans(answer, 'proxy')
    expect(ours(spans)).toEqual([
      ['proxy', 'internal', 'check session'],
      ['middleware GET', 'internal', 'proxy'],
    ])
    expect(new Set(spans.filter(({ kind }) => kind === 'server').map(({ scope }) => scope?.name))).toEqual(new Set(['next.js']))
  })

  test('may go on in `waitUntil` of its event, and what it records there belongs to the invocation', async () => {
    const answer = await app.request('/proxied?audited')
    expect(ours(await app.spans(answer, 'audit'))).toContainEqual(['proxy', 'internal', 'audit'])
    await expect.poll(() => app.reports().at(-1)).toMatchObject({ phase: 'background', spans: { late: 0 }, warnings: [] })
  })

  test('runs for the paths of its `config`, and for nothing else', async () => {
    const answer = await app.request('/api/orders/7')
    await app.spans(answer, ORDER)
    expect(app.collector.acknowledged(answer.traceId).some(({ name }) => name === 'proxy')).toBe(false)
  })
})
