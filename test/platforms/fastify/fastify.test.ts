/** The plugin on the real Fastify 5, on real sockets: the root span, its route and its errors, the answers, and the plugin itself. */
import { SpanStatusCode } from '@opentelemetry/api'
import { drain, telemetry } from 'flushed/fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../support/raw.ts'
import { setup } from '../../server/support.ts'
import { PATHS, application } from './application.ts'
import { fastify, listening, rootOf, start } from './serving.ts'

describe('the root span', () => {
  test.each([
    ['a route with a parameter', '/orders/7?page=2', 'GET /orders/:id'],
    ['a route of a plugin with a prefix', '/shop/items/7', 'GET /shop/items/:id'],
    ['a plugin in a plugin', '/shop/admin/users', 'GET /shop/admin/users'],
    ['a parameter in a prefix', '/tenants/acme/users/3', 'GET /tenants/:tenant/users/:id'],
    ['a wildcard', '/files/a/b.txt', 'GET /files/*'],
    ['a route whose handler fails', '/fails/later', 'GET /fails/:when'],
  ])('is named after %s', async (_what, path, expected) => {
    const { name, route, root } = await rootOf(path)
    expect([name, route, root?.attributes['url.path']]).toEqual([expected, expected.slice('GET '.length), path.split('?')[0]])
  })

  test('has no route, and is named after its method, if no route matches', async () => {
    const { name, route, root, answer } = await rootOf('/nowhere')
    expect([name, route, answer.status, root?.attributes['http.response.status_code']]).toEqual(['GET', undefined, 404, 404])
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('is a child of the caller’s span', async () => {
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    const { root } = await rootOf('/orders/7', undefined, { headers })
    expect(root?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  })

  test('keeps the name of the options, and still has the route', async () => {
    const { at, spans } = await start(undefined, { name: 'shop', attributes: (request) => ({ 'app.url': request.url ?? '' }) })
    await ask(at('/shop/items/7'))
    const [root] = await spans(1)
    expect([root?.name, root?.attributes['http.route'], root?.attributes['app.url']]).toEqual(['shop', '/shop/items/:id', '/shop/items/7'])
  })
})

describe('the error of a handler', () => {
  test.each(['now', 'async', 'later'])('reaches the error handler, and is recorded as it is: %s', async (when) => {
    const { answer, root } = await rootOf(`/fails/${when}`, (app, made) => {
      app.setErrorHandler((error: Error, _request, reply) => reply.code(503).send(`sorry: ${error.message}`))
      return application(app, made)
    })
    expect(answer).toMatchObject({ status: 503, body: 'sorry: boom' })
    expect(root?.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': 'RangeError' })
    expect(root).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'boom' }, events: [{ name: 'exception' }] })
  })

  test('is not an error of the server if it is answered with 403', async () => {
    const { root, answer } = await rootOf('/fails/forbidden')
    expect([answer.status, root?.status.code, root?.attributes['error.type']]).toEqual([403, SpanStatusCode.UNSET, undefined])
  })
})

describe('answers', () => {
  test.each(PATHS)('to %s have the same status, headers and bytes as without the plugin', async (path) => {
    const bare = fastify()
    await application(bare, setup())
    const expected = await ask((await listening(bare))(path))
    const { at } = await start()
    expect(await ask(at(path))).toEqual(expected)
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

describe('the plugin', () => {
  test('has a name, and is not encapsulated: it covers the routes of the instance itself', async () => {
    const { app, at, spans } = await start()
    expect(app.printPlugins()).toContain('flushed')
    await ask(at('/orders/7'))
    expect(await spans(2)).toHaveLength(2)
  })

  test('makes `app.close()` wait until all spans are sent', async () => {
    const { app, at, exporter } = await start()
    await ask(at('/orders/7'))
    await app.close()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['load', 'GET /orders/:id'])
  })

  test('makes `app.close()` wait for its own requests only: other servers of the process go on', async () => {
    const { options, spans } = setup()
    const [one, two] = [fastify(), fastify({ forceCloseConnections: true })]
    for (const app of [one, two]) await app.register(telemetry, { ...options, drainMs: 200, timeoutMs: 100 })
    let finish = () => {}
    two.get('/slow', (_request, reply) => {
      reply.hijack()
      reply.raw.write('half')
      finish = () => reply.raw.end('done')
    })
    const [at] = [await listening(two), await listening(one)]
    const response = await fetch(at('/slow'))
    await one.close()
    finish()
    expect(await response.text()).toBe('halfdone')
    const [root] = await spans(1)
    expect([root?.name, root?.status.code, root?.attributes['http.response.status_code']]).toEqual(['GET /slow', SpanStatusCode.UNSET, 200])
  })

  test('knows the status of each response beside `@fastify/express`, which hides that headers have been sent', async () => {
    const { default: express } = await import('@fastify/express')
    const { at, spans } = await start(async (app) => {
      await app.register(express)
      app.get('/found', async () => 'found')
      app.get('/gone', async () => {
        throw Object.assign(new Error('no such order'), { statusCode: 404 })
      })
    })
    for (const path of ['/found', '/gone']) await ask(at(path))
    const [found, gone] = await spans(2)
    expect([found, gone].map((root) => root?.attributes['http.response.status_code'])).toEqual([200, 404])
    expect([found, gone].map((root) => root?.status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET])
  })

  test.each([
    ['logLevel', { logLevel: 'warn' as const }],
    ['logSerializers', { logSerializers: { user: String } }],
    ['prefix', { prefix: '/shop' }],
  ])('accepts Fastify’s own option `%s`, and covers all requests of the instance', async (_option, own) => {
    const made = setup()
    const app = fastify()
    await app.register(telemetry, { ...made.options, ...own })
    await application(app, made)
    onTestFinished(() => app.close())
    await app.inject('/orders/7')
    expect((await made.spans(2)).map(({ name }) => name)).toEqual(['load', 'GET /orders/:id'])
  })

  test.each([
    [{ drainMs: 0 }, '`drainMs` must be a positive number of milliseconds, got 0'],
    [{ routes: true }, 'unknown option `routes`'],
    [{ flush: 'before-response' }, "`flush` must be 'auto' or 'after-response' on a server"],
  ])('fails with a TypeError when it is registered with %j', async (options, message) => {
    const app = fastify()
    app.register(telemetry, options as never)
    const refused = await app.ready().then(() => undefined, (error: unknown) => error)
    expect(refused).toBeInstanceOf(TypeError)
    expect(refused).toMatchObject({ message: expect.stringContaining(message) })
  })
})

test('`drain()` resolves with the report of each last flush', async () => {
  const { at, reports } = await start()
  await ask(at('/orders/7'))
  expect(await drain()).toEqual([reports.at(-1)])
})
