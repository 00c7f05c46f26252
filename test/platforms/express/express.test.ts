/** The middleware on the real Express 5 and 4, on real sockets: the root span, its route and its errors, and the answers. */
import { createServer } from 'node:http'
import { SpanStatusCode } from '@opentelemetry/api'
import type { ErrorRequestHandler } from 'express'
import { telemetry } from 'flushed/express'
import { describe, expect, test } from 'vitest'
import { ask } from '../../support/raw.ts'
import { listen, setup } from '../../server/support.ts'
import { PATHS, application } from './application.ts'
import { VERSIONS, serving } from './serving.ts'

describe.each(VERSIONS)('Express %s', (major, express) => {
  const { start, rootOf } = serving(express)

  test('a middleware at a single route leaves `request.route` as it is', async () => {
    const made = setup()
    const app = express()
    app.get('/orders/:id', telemetry(made.options), (request, response) => void response.json(request.route.path))
    const port = await listen(createServer(app))
    expect((await ask(new URL(`http://127.0.0.1:${port}/orders/7`))).body).toBe('"/orders/:id"')
    expect((await made.spans(1))[0]?.name).toBe('GET /orders/:id')
  })

  describe('the root span', () => {
    test.each([
      ['a route with a parameter', '/orders/7?page=2', 'GET /orders/:id'],
      ['a route of a mounted router', '/shop/items/7', 'GET /shop/items/:id'],
      ['the root route of a mounted router', '/shop', 'GET /shop'],
      ['a router in a router', '/shop/admin/users', 'GET /shop/admin/users'],
      ['a mounted application', '/other/hello', 'GET /other/hello'],
      ['a router below a parameter that it merges', '/tenants/acme/users/3', 'GET /tenants/:tenant/users/:id'],
      ['a router below a parameter, whose handler fails', '/tenants/acme/users/3/fails', 'GET /tenants/:tenant/users/:id/fails'],
      ['a route whose parameter name begins like that of its router', '/regions/eu/shops/7', 'GET /regions/:id/shops/:idx'],
      ['a router below two parameters with the same value', '/tenants/acme/users/acme/x', 'GET /tenants/:tenant/users/:user/x'],
      ['a router below a parameter whose value equals an earlier segment', '/tenants/tenants/users/bob/x', 'GET /tenants/:tenant/users/:user/x'],
      ['a router below a parameter with an unescaped @', '/shops/a@b.com/orders', 'GET /shops/:shop/orders'],
      ['a router below a parameter with other characters that need no escape', '/shops/a,b:c/orders', 'GET /shops/:shop/orders'],
      ['a router below a parameter with an escaped slash', '/shops/a%2fb/orders', 'GET /shops/:shop/orders'],
      ['a router below a parameter escaped in lower case', '/shops/caf%c3%a9/orders', 'GET /shops/:shop/orders'],
      ['a router mounted by regular expression', '/rows/42/leaf', 'GET /rows/:0/leaf'],
      ['a route by regular expression', '/pattern/x', 'GET /^\\/pattern/'],
      ['the last route that matches, if an earlier one passes on', '/passed/1', 'GET /passed/:id'],
      ['a route whose handler fails', '/fails/later', 'GET /fails/:when'],
      ['a route of a router whose handler fails', '/shop/fails', 'GET /shop/fails'],
    ])('is named after %s', async (_what, path, expected) => {
      const { name, route } = await rootOf(path)
      expect([name, route]).toEqual([expected, expected.slice('GET '.length)])
    })

    test.runIf(major === '5').each([
      ['with a quoted name', '/:"foo-bar"', '/files/files'],
      ['of many segments', '/*path', '/files/files'],
    ])('has the path of its router if a parameter %s has the same value', async (_what, own, path) => {
      const { name } = await rootOf(path, (app) => void app.use('/files', express.Router().get(own, (_request, response) => void response.end())))
      expect(name).toBe(`GET /files${own}`)
    })

    test('has no route, and is named after its method, if no route matches', async () => {
      const { name, route, root, answer } = await rootOf('/nowhere')
      expect([name, route, answer.status, root?.attributes['http.response.status_code']]).toEqual(['GET', undefined, 404, 404])
      expect(root?.status.code).toBe(SpanStatusCode.UNSET)
    })

    test('is named after the route of an application that a route of another one calls', async () => {
      const made = setup()
      const [outer, inner] = [express(), express()]
      inner.use(telemetry(made.options))
      inner.get('/orders/:id', (_request, response) => void response.json({}))
      outer.get(major === '4' ? '/orders/*' : '/orders/*rest', (request, response) => inner(request, response))
      await ask(new URL(`http://127.0.0.1:${await listen(createServer(outer))}/orders/7`))
      expect((await made.spans(1))[0]?.name).toBe('GET /orders/:id')
    })

    test('is named after the route of an application that a middleware calls', async () => {
      const inner = express()
      inner.get('/orders/:id', (_request, response) => void response.json({}))
      const { name } = await rootOf('/orders/7', (app) => app.use((request, response) => inner(request, response)))
      expect(name).toBe('GET /orders/:id')
    })

    test('leaves `request.route` to the error handler around a mounted application', async () => {
      const made = setup()
      const [outer, inner] = [express(), express()]
      inner.use(telemetry(made.options))
      inner.get('/fails', (_request, _response, next) => next(new Error('boom')))
      outer.use('/inner', inner)
      const answer: ErrorRequestHandler = (_error, request, response, _next) => void response.status(500).json(request.route.path)
      outer.use(answer)
      const { body } = await ask(new URL(`http://127.0.0.1:${await listen(createServer(outer))}/inner/fails`))
      expect(body).toBe('"/fails"')
    })

    test('has the whole path, though a router has stripped its own from `request.url`', async () => {
      const { root } = await rootOf('/shop/items/7?page=2')
      expect(root?.attributes).toMatchObject({ 'url.path': '/shop/items/7', 'url.query': 'page=2' })
    })

    test('is a child of the caller’s span', async () => {
      const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
      const { root } = await rootOf('/orders/7', undefined, { headers })
      expect(root?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    })

    test('keeps the name of the options, and still has the route', async () => {
      const { at, spans } = await start(undefined, { name: 'shop', attributes: (request) => ({ 'app.url': request.url ?? '' }) })
      await ask(at('/nowhere'))
      await ask(at('/shop/items/7'))
      const [, root] = await spans(2)
      expect([root?.name, root?.attributes['http.route'], root?.attributes['app.url']]).toEqual(['shop', '/shop/items/:id', '/shop/items/7'])
    })
  })

  describe('the error of a handler', () => {
    test.each(['/fails/now', '/fails/passed', '/shop/fails'])('reaches the error handler, and the root span is an error by the status of its answer: %s', async (path) => {
      const { at, spans } = await start((app, made) => {
        application(express)(app, made)
        app.use(((error: Error, _request, response, _next) => void response.status(503).send(`sorry: ${error.message}`)) as ErrorRequestHandler)
      })
      expect(await ask(at(path))).toMatchObject({ status: 503, body: 'sorry: boom' })
      const [root] = await spans(1)
      expect(root?.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' })
      expect(root?.status.code).toBe(SpanStatusCode.ERROR)
    })

    // Express 4 does not look at what handlers return.
    test.runIf(major === '5')('is passed on, too, if the handler rejects', async () => {
      const { root, answer } = await rootOf('/fails/async')
      expect([answer.status, root?.name, root?.status.code]).toEqual([500, 'GET /fails/:when', SpanStatusCode.ERROR])
    })

    test('is not an error of the server if it is answered with 403', async () => {
      const { root, answer } = await rootOf('/fails/forbidden')
      expect([answer.status, root?.status.code, root?.attributes['error.type']]).toEqual([403, SpanStatusCode.UNSET, undefined])
    })
  })

  describe('answers', () => {
    test.each(PATHS)('to %s have the same status, headers and bytes as without the middleware', async (path) => {
      const app = express()
      application(express)(app, setup())
      const bare = await ask(new URL(path, `http://127.0.0.1:${await listen(createServer(app))}`))
      const { at } = await start()
      expect(await ask(at(path))).toEqual(bare)
    })

    test('arrive before any span is sent; spans of many requests are sent together', async () => {
      const { at, exporter, spans } = await start()
      exporter.hold()
      for (let id = 1; id <= 20; id++) expect((await ask(at(`/orders/${id}`))).status).toBe(200)
      exporter.setMode('microtask')
      exporter.acknowledge()
      await spans(40)
      expect(exporter.exports.length).toBeLessThan(10)
    })
  })
})

test.each([
  [{ drainMs: 0 }, '`drainMs` must be a positive number of milliseconds, got 0'],
  [{ routes: true }, 'unknown option `routes`'],
  [{ flush: 'before-response' }, "`flush` must be 'auto' or 'after-response' on a server"],
])('the middleware throws a TypeError when it is created with %j', (options, message) => {
  expect(() => telemetry(options as never)).toThrow(TypeError)
  expect(() => telemetry(options as never)).toThrow(message)
})
