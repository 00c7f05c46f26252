/** The plugin on the real Fastify 5, on real sockets. */
import { Readable } from 'node:stream'
import { request as send } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { currentInvocation, drain, span, telemetry, waitUntil } from 'flushed/fastify'
import { withTelemetry } from 'flushed/lambda'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, hangUpAfter } from '../../support/raw.ts'
import { setup } from '../../server/support.ts'
import { type Made, PATHS, application } from './application.ts'

const { default: fastify } = await import('fastify')

async function listening(app: FastifyInstance) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as { port: number }
  return (path: string) => new URL(path, `http://127.0.0.1:${port}`)
}

/** An application with the plugin, on a server. */
async function start(add: (app: FastifyInstance, made: Made) => unknown = application, more: Parameters<typeof telemetry>[1] = {}) {
  const made = setup()
  const app = fastify({ forceCloseConnections: true })
  await app.register(telemetry, { ...made.options, ...more })
  await add(app, made)
  return { ...made, app, at: await listening(app) }
}

/** Sends one request. @returns the answer and the root span */
async function rootOf(path: string, add?: Parameters<typeof start>[0], options?: Parameters<typeof ask>[1]) {
  const { at, spans } = await start(add)
  const answer = await ask(at(path), options)
  const root = (await spans(1)).find(({ kind }) => kind === SpanKind.SERVER)
  return { answer, root, name: root?.name, route: root?.attributes['http.route'] }
}

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

describe('the invocation', () => {
  test('is current in each of the hooks, in parsers, handlers and error handlers', async () => {
    const seen: Record<string, string | undefined> = {}
    const see = (where: string) => (seen[where] = currentInvocation()?.root.spanContext().spanId)
    const before = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'onError', 'preSerialization', 'onSend', 'onResponse'] as const
    const { at, spans } = await start((app) => {
      for (const name of before) app.addHook(name as 'onRequest', async () => void see(name))
      app.addContentTypeParser('text/plain', { parseAs: 'string' }, async (_request: unknown, body: unknown) => (see('parser'), body))
      app.setErrorHandler((_error, _request, reply) => (see('error handler'), reply.code(500).send({})))
      app.post('/orders', async () => {
        see('handler')
        await turn()
        using _s = span('work')
        see('later')
        throw new Error('boom')
      })
    })
    send(at('/orders'), { method: 'POST', headers: { 'content-type': 'text/plain' }, agent: false }).on('error', () => {}).end('x'.repeat(50_000))
    const [work, root] = await spans(2)
    const all = [...before, 'parser', 'error handler', 'handler', 'later']
    await expect.poll(() => Object.keys(seen).length).toBe(all.length)
    expect(seen).toEqual(Object.fromEntries(all.map((where) => [where, root?.spanContext().spanId])))
    expect([work?.name, work?.parentSpanContext?.spanId]).toEqual(['work', root?.spanContext().spanId])
  })

  test('ends with its open spans when the client hangs up', async () => {
    let answer!: () => void
    const { at, spans } = await start((app, { tracer }) => app.get('/held/:id', (_request, reply) => {
      tracer.startSpan('left open')
      answer = () => void reply.send('too late')
    }))
    const request = send(at('/held/1'), { agent: false }).on('error', () => {})
    request.end()
    await expect.poll(() => answer).toBeDefined()
    request.destroy()
    const [left, root] = await spans(2)
    expect([left?.name, root?.name]).toEqual(['left open', 'GET /held/:id'])
    expect(root?.attributes).toMatchObject({ 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' })
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
    answer()
  })

  test('is complete if the client leaves with all bytes of `Content-Length`, though the stream goes on', async () => {
    const { at, spans } = await start((app) =>
      app.get('/whole', (_request, reply) => reply.header('content-length', 4).send(new Readable({ read() { this.push('data'); this._read = () => {} } }))))
    const request = send(at('/whole'), { agent: false }).end()
    request.on('response', (response) => response.once('data', () => request.destroy()))
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200 })
    expect(root?.attributes).not.toHaveProperty('error.type')
  })

  test('lasts as long as a stream, and records if the client has left it', async () => {
    const { at, spans, exporter } = await start()
    expect((await ask(at('/stream'))).body).toBe('chunk 0\nchunk 1\nchunk 2\n')
    expect((await spans(4)).map(({ name }) => name)).toEqual(['chunk 0', 'chunk 1', 'chunk 2', 'GET /stream'])
    await hangUpAfter(at('/endless'), 20)
    await expect.poll(() => exporter.spans.at(-1)?.attributes['flushed.response_stream']).toBe('cancelled')
    expect(exporter.spans.at(-1)?.attributes['http.response.status_code']).toBe(200)
  })

  test('includes background work, which `drain()` waits for', async () => {
    let work!: () => void
    const { at, exporter } = await start((app, { tracer }) => app.get('/', async () => {
      waitUntil(new Promise<void>((resolve) => (work = resolve)).then(() => tracer.startSpan('audit').end()))
      return {}
    }))
    await ask(at('/'))
    const drained = drain()
    await turn()
    expect(exporter.spans).toEqual([])
    work()
    expect(await drained).toMatchObject([{ phase: 'shutdown' }])
    expect(exporter.spans.map(({ name }) => name)).toEqual(['audit', 'GET /'])
  })

  test('covers requests of `app.inject()`, too', async () => {
    const { app, spans } = await start()
    expect((await app.inject('/orders/7')).json()).toEqual({ id: '7' })
    expect((await spans(2)).map(({ name }) => name)).toEqual(['load', 'GET /orders/:id'])
  })

  test('is a child span inside that of a Lambda handler, which flushes before its response', async () => {
    const made = setup()
    const app = fastify()
    await app.register(telemetry, made.options)
    await application(app, made)
    onTestFinished(() => app.close())
    const handler = withTelemetry(async () => (await app.inject('/orders/7')).statusCode, { telemetry: made.options.telemetry })
    expect(await (handler as (event: object, context: object) => Promise<number>)({}, { getRemainingTimeInMillis: () => 3000 })).toBe(200)
    const [load, request, root] = made.exporter.spans
    expect([load?.name, request?.name, root?.attributes['http.route']]).toEqual(['load', 'GET /orders/:id', undefined])
    expect([load?.parentSpanContext?.spanId, request?.parentSpanContext?.spanId]).toEqual([request?.spanContext().spanId, root?.spanContext().spanId])
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
