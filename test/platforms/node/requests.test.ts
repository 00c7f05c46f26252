/** Requests to Node's own `http` and `http2`, on real sockets, in this process. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, isSpanContextValid } from '@opentelemetry/api'
import { once } from 'node:events'
import { type IncomingMessage, ServerResponse, createServer, request as send } from 'node:http'
import { type ServerHttp2Stream, connect, constants, createServer as createServer2 } from 'node:http2'
import { type AddressInfo, type Socket, connect as open } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { FlushContext } from 'flushed'
import { currentInvocation, span, waitUntil, withTelemetry } from 'flushed/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { shared } from '../../../src/server/state.ts'
import { fetched, listen, setup } from '../../server/support.ts'
import { type Listener, json, serving } from './support.ts'

describe('the root span', () => {
  test('describes the request and its response by the semantic conventions', async () => {
    const { port, spans } = await serving(json)
    await fetched(port, '/orders/7?page=2&sig=secret', { headers: { 'user-agent': 'test/1' } })
    const [root] = await spans(1)
    expect([root?.name, root?.kind, root?.status.code]).toEqual(['GET', SpanKind.SERVER, SpanStatusCode.UNSET])
    expect(root?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.scheme': 'http',
      'url.path': '/orders/7',
      'url.query': 'page=2&sig=REDACTED',
      'server.address': '127.0.0.1',
      'server.port': port,
      'client.address': '127.0.0.1',
      'user_agent.original': 'test/1',
      'network.protocol.version': '1.1',
    })
  })

  test('has the client, the scheme and the host that a proxy reports', async () => {
    const { port, spans } = await serving(json)
    const headers = { 'x-forwarded-for': '203.0.113.9, 10.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': '[2001:db8::1]:8443' }
    await fetched(port, '/', { headers })
    expect((await spans(1))[0]?.attributes).toMatchObject({
      'client.address': '203.0.113.9', 'url.scheme': 'https', 'server.address': '[2001:db8::1]', 'server.port': 8443,
    })
  })

  test.each([
    ['1.2.3.4:5678', '1.2.3.4'],
    ['[2001:db8::1]:80, 10.0.0.1', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown, 10.0.0.1', '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('has the client address that a proxy reports as “%s”, without a port, or else that of the connection', async (written, expected) => {
    const { port, spans } = await serving(json)
    await fetched(port, '/', { headers: { 'x-forwarded-for': written } })
    expect((await spans(1))[0]?.attributes['client.address']).toBe(expected)
  })

  test.each([
    ['http://shop.example/orders?page=2', '/orders', 'page=2'],
    ['/orders?', '/orders', undefined],
    ['*', '*', undefined],
  ])('has the path and the query of %s', async (path, expected, query) => {
    const { port, spans } = await serving(json)
    await fetched(port, path, { method: 'OPTIONS' })
    const [root] = await spans(1)
    expect([root?.attributes['url.path'], root?.attributes['url.query']]).toEqual([expected, query])
  })

  test('is a child of the caller’s span, and does not take its name from an unknown method', async () => {
    const { port, spans } = await serving(json)
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    await fetched(port, '/', { method: 'PROPFIND', headers })
    const [root] = await spans(1)
    expect([root?.parentSpanContext?.spanId, root?.name]).toEqual(['b7ad6b7169203331', 'HTTP'])
    expect(root?.attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' })
  })

  test('is an error if the server has failed, but not if the client has', async () => {
    const { port, spans } = await serving((request, response) => void response.writeHead(Number(request.url?.slice(1))).end())
    for (const status of [404, 503]) await fetched(port, `/${status}`)
    const [missing, failed] = await spans(2)
    expect([missing?.status.code, missing?.attributes['error.type']]).toEqual([SpanStatusCode.UNSET, undefined])
    expect([failed?.status.code, failed?.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, '503'])
  })

  test('has the name and attributes of the options', async () => {
    const { port, spans } = await serving(json, { name: 'shop', attributes: (request) => ({ 'app.url': request.url ?? '' }) })
    await fetched(port, '/orders')
    const [root] = await spans(1)
    expect([root?.name, root?.attributes['app.url']]).toEqual(['shop', '/orders'])
  })

  test('has the status that an HTTP/2 stream responds with', async () => {
    const { options, spans } = setup()
    const port = await listen(createServer2(withTelemetry((_request, { stream }) => stream.respond({ ':status': 204 }, { endStream: true }), options)))
    const client = connect(`http://127.0.0.1:${port}`)
    await once(client.request({ ':path': '/' }).resume().end(), 'close')
    client.destroy()
    expect((await spans(1))[0]?.attributes).toMatchObject({ 'http.response.status_code': 204 })
  })

  test('describes a request over HTTP/2 in the same way', async () => {
    const { options, spans } = setup()
    const server = createServer2(withTelemetry((_request, response) => void response.end('{}'), options))
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect(`http://127.0.0.1:${port}`)
    await once(client.request({ ':path': '/orders?page=2' }).resume().end(), 'close')
    client.close()
    expect((await spans(1))[0]?.attributes).toMatchObject({
      'url.path': '/orders', 'server.address': '127.0.0.1', 'server.port': port, 'network.protocol.version': '2', 'http.response.status_code': 200,
    })
  })
})

describe('a flush', () => {
  test('of many requests gets an invocation that is none of them: it is over, and has no trace', async () => {
    const flushed = Promise.withResolvers<FlushContext['invocation']>()
    const telemetry = ({ invocation }: FlushContext) => flushed.resolve(invocation)
    const { port } = await serving(json, { telemetry })
    await fetched(port, '/')
    const { live, root, context } = await flushed.promise
    expect([live, root.isRecording(), isSpanContextValid(root.spanContext()), context]).toEqual([false, false, false, ROOT_CONTEXT])
  })
})

describe('the invocation', () => {
  test.each(['GET', 'POST'])('is current in the listener, in the events of the request, and after an `await`: %s', async (method) => {
    const seen: Record<string, unknown> = {}
    const { port, spans } = await serving(async (request, response) => {
      const see = (where: string) => (seen[where] = currentInvocation()?.root.spanContext().spanId)
      see('listener')
      request.on('data', () => see('data')).on('end', () => see('end'))
      response.on('finish', () => see('finish')).on('close', () => see('close'))
      await once(request, 'end')
      see('after the body')
      await turn()
      using _s = span('work')
      response.end('{}')
    })
    await fetched(port, '/', { method, ...(method === 'POST' && { body: 'x'.repeat(100_000) }) })
    const [work, root] = await spans(2)
    expect(work?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
    const where = ['listener', ...(method === 'POST' ? ['data'] : []), 'end', 'after the body']
    expect(seen).toMatchObject(Object.fromEntries(where.map((each) => [each, root?.spanContext().spanId])))
  })

  test('is separate for each request, on one connection too', async () => {
    const { port, spans, tracer } = await serving(async (request, response) => {
      await turn()
      tracer.startActiveSpan(`work ${request.url}`, (s) => s.end())
      response.end('{}')
    })
    const socket = open(port, '127.0.0.1')
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    const all = await spans(4)
    socket.destroy()
    for (const path of ['/1', '/2']) {
      const root = all.find(({ attributes }) => attributes['url.path'] === path)
      expect(all.find(({ name }) => name === `work ${path}`)?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
      expect(root?.parentSpanContext).toBeUndefined()
    }
  })

  test('ends with its open spans when the client hangs up; spans that follow are late, and sent all the same', async () => {
    let goOn!: () => void
    const gone = new Promise<void>((resolve) => (goOn = resolve))
    let done!: () => void
    const over = new Promise<void>((resolve) => (done = resolve))
    const { port, spans, tracer, reports } = await serving(async (request, response) => {
      if (request.url === '/next') return void response.end()
      tracer.startSpan('left open')
      await gone
      tracer.startSpan('goes on').end()
      done()
    })
    const request = send({ host: '127.0.0.1', port, path: '/slow' }).on('error', () => {})
    request.end()
    request.on('socket', (socket) => socket.once('connect', () => setTimeout(() => request.destroy(), 20)))
    const [left, root] = await spans(2)
    expect([left?.name, left?.attributes['flushed.unfinished']]).toEqual(['left open', true])
    expect([root?.attributes['error.type'], root?.attributes['flushed.response_stream'], root?.status.code]).toEqual(['aborted', 'cancelled', SpanStatusCode.UNSET])
    expect(root?.attributes).not.toHaveProperty('http.response.status_code')
    goOn()
    await over
    await fetched(port, '/next')
    expect((await spans(4)).map(({ name }) => name)).toEqual(['left open', 'GET', 'goes on', 'GET'])
    expect(reports.at(-1)?.spans.late).toBe(1)
  })

  test('is complete if the client leaves with all bytes of `Content-Length`, though the response has not ended', async () => {
    const { port, spans } = await serving((request, response) => {
      response.setHeader('content-length', 4).write(request.url === '/whole' ? 'data' : 'dat')
    })
    for (const path of ['/whole', '/part']) {
      const request = send({ host: '127.0.0.1', port, path, agent: false }).end()
      request.on('response', (response) => response.on('error', () => {}).once('data', () => request.destroy()))
    }
    const roots = await spans(2)
    const fates = roots.map(({ attributes }) => [attributes['url.path'], attributes['http.response.status_code'], attributes['flushed.response_stream'], attributes['error.type']])
    expect(fates.toSorted()).toEqual([['/part', 200, 'cancelled', 'aborted'], ['/whole', 200, undefined, undefined]])
  })

  test('is an error if the server closes the connection without an answer, as on its own timeout', async () => {
    const { port, spans } = await serving((_request, response) => void response.setTimeout(20))
    send({ host: '127.0.0.1', port }).on('error', () => {}).end()
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'error.type': '_OTHER', 'flushed.response_stream': 'failed' })
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'the server has ended the response before it began' })
  })

  test('is not an error of the server if it stops waiting for the body of the request', async () => {
    const { port, spans } = await serving((request) => void setTimeout(() => request.socket.destroy(), 20))
    const request = send({ host: '127.0.0.1', port, method: 'POST', headers: { 'content-length': 4 } }).on('error', () => {})
    request.write('dat')
    const [root] = await spans(1)
    expect([root?.attributes['error.type'], root?.status.code]).toEqual(['aborted', SpanStatusCode.UNSET])
  })

  test('has the error of the listener for which the server closes the connection', async () => {
    const { options, spans } = setup()
    const wrapped = withTelemetry(() => Promise.reject(new RangeError('out of stock')), options) as (...args: Parameters<Listener>) => Promise<void>
    const port = await listen(createServer((request, response) => void wrapped(request, response).catch(() => request.socket.destroy())))
    send({ host: '127.0.0.1', port }).on('error', () => {}).end()
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'error.type': 'RangeError' })
    expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test('has the error with which the server itself destroys the response', async () => {
    const { port, spans } = await serving((_request, response) => {
      response.write('half')
      setImmediate(() => response.destroy(new RangeError('database gone')))
    })
    await fetched(port, '/').catch(() => {})
    const [root] = await spans(1)
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'database gone' })
    expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test('has the error with which the server itself destroys an HTTP/2 stream', async () => {
    const { options, spans } = setup()
    const port = await listen(createServer2(withTelemetry((_request, response) => {
      response.stream.on('error', () => {}).destroy(new RangeError('database gone'))
    }, options)))
    const client = connect(`http://127.0.0.1:${port}`)
    client.request({ ':path': '/' }).on('error', () => {}).end()
    const [root] = await spans(1)
    client.destroy()
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'database gone' })
    expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test.each([
    ['', undefined, { 'error.type': '_OTHER', 'flushed.response_stream': 'failed' }],
    [', with its cause if the listener rejects with that', new RangeError('database gone'), { 'error.type': 'RangeError' }],
  ])('is an error if the server itself ends the response midway%s', async (_what, error, attributes) => {
    const { options, spans } = setup()
    const wrapped = withTelemetry(async (_request, response) => {
      response.write('half')
      setImmediate(() => response.destroy())
      if (error) throw error
    }, options)
    // As in frameworks, a rejection does not end the response.
    const port = await listen(createServer((request, response) => void wrapped(request, response).catch(() => {})))
    await fetched(port, '/').catch(() => {})
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200, ...attributes })
    expect(root?.status.code).toBe(SpanStatusCode.ERROR)
  })

  test('is not an error if the process has been told to end, and cuts what is open', async () => {
    const { options, spans } = setup()
    const server = createServer(withTelemetry((_request, response) => void response.write('half'), options))
    const client = open(await listen(server), '127.0.0.1').on('error', () => {})
    client.write('GET / HTTP/1.1\r\nhost: shop\r\n\r\n')
    await once(client, 'data')
    shared.draining = 1
    server.closeAllConnections()
    const [root] = await spans(1)
    shared.draining = 0
    expect([root?.attributes['flushed.response_stream'], root?.status.code]).toEqual(['cancelled', SpanStatusCode.UNSET])
  })

  test.each(['end', 'destroy', 'resetAndDestroy'] as const)('is not an error of the server if the client leaves midway, by `%s` of its socket', async (leave) => {
    const { port, spans } = await serving((_request, response) => void response.write('half'))
    const client = open(port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nhost: shop\r\n\r\n')
    await once(client, 'data')
    client[leave]()
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200, 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' })
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test.each([
    ['failed, with an error, if the server destroys the stream', (stream: ServerHttp2Stream) => void stream.destroy(), {}, 'failed', SpanStatusCode.ERROR],
    ['cancelled if the client closes the stream', () => {}, { code: constants.NGHTTP2_NO_ERROR }, 'cancelled', SpanStatusCode.UNSET],
    ['cancelled if the client’s session fails', () => {}, { error: new Error('out of memory') }, 'cancelled', SpanStatusCode.UNSET],
  ])('over HTTP/2 is recorded as %s', async (_who, serve, { code, error }: { code?: number; error?: Error }, ended, status) => {
    const { options, spans } = setup()
    const port = await listen(createServer2(withTelemetry((_request, response) => {
      response.write('half')
      setImmediate(serve, response.stream)
    }, options)))
    const client = connect(`http://127.0.0.1:${port}`).on('error', () => {})
    const stream = client.request({ ':path': '/' }).on('error', () => {})
    await once(stream, 'response')
    if (code !== undefined) stream.close(code)
    if (error) client.destroy(error)
    const [root] = await spans(1)
    client.destroy()
    expect([root?.attributes['flushed.response_stream'], root?.status.code]).toEqual([ended, status])
  })

  test.each(['GET', 'POST'])('includes spans of listeners of `finish` and `close` of its response: %s', async (method) => {
    const { port, spans, reports } = await serving((request, response) => {
      for (const event of ['finish', 'close']) response.on(event, () => span(`response ${event}`).end())
      request.resume().on('end', () => response.end())
    })
    await fetched(port, '/', { method, ...(method === 'POST' && { body: 'body' }) })
    const names = (await spans(3)).map(({ name }) => name)
    expect(names).toEqual(['response finish', 'response close', method])
    expect(reports[0]?.spans.late).toBe(0)
  })

  test.each(['GET', 'POST'])('is current when the request and its response emit `close` because the client has left: %s', async (method) => {
    const { port, spans, reports } = await serving((request, response) => {
      request.on('close', () => span('request closed').end())
      response.on('close', () => span('response closed').end())
      response.write('half')
    })
    const request = send({ host: '127.0.0.1', port, method }).on('error', () => {}).on('response', () => request.destroy())
    request.end(method === 'POST' ? 'body' : undefined)
    const all = await spans(3)
    expect(all.map(({ name }) => name).sort()).toEqual([method, 'request closed', 'response closed'].sort())
    expect(new Set(all.map((each) => each.spanContext().traceId)).size).toBe(1)
    expect(reports[0]?.spans.late).toBe(0)
  })

  test('is current when an HTTP/2 response emits `close` because the client has left', async () => {
    const { options, spans, reports } = setup()
    const port = await listen(createServer2(withTelemetry((_request, response) => {
      response.on('close', () => span('response closed').end())
      response.write('half')
    }, options)))
    const client = connect(`http://127.0.0.1:${port}`)
    const stream = client.request({ ':path': '/' }).on('error', () => {})
    await once(stream, 'response')
    stream.close(constants.NGHTTP2_CANCEL)
    const all = await spans(2)
    client.destroy()
    expect(new Set(all.map((each) => each.spanContext().traceId)).size).toBe(1)
    expect(reports[0]?.spans.late).toBe(0)
  })

  test('is not an error of the server if the client leaves while it waits for another response on its connection', async () => {
    let served = 0
    let socket: Socket | undefined
    const { port, spans } = await serving(() => void (++served === 2 && socket?.destroy()))
    socket = open(port, '127.0.0.1')
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    for (const { attributes, status } of await spans(2)) {
      expect(attributes).toMatchObject({ 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' })
      expect(status.code).toBe(SpanStatusCode.UNSET)
    }
  })

  test('is not an error if the connection is upgraded', async () => {
    const { options, spans } = setup()
    const upgrade = withTelemetry(((_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')) as Listener, options)
    const server = createServer()
    server.on('upgrade', upgrade as never)
    const port = await listen(server)
    const request = send({ host: '127.0.0.1', port, headers: { connection: 'upgrade', upgrade: 'chat' } }).on('upgrade', (_response, socket) => socket.destroy())
    request.end()
    const [root] = await spans(1)
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('is neither failed nor cancelled if the connection is upgraded beside a response that is never used', async () => {
    const { options, spans } = setup()
    const listener = withTelemetry((_request, { socket }) => void socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n'), options)
    const server = createServer()
    server.on('upgrade', (request, socket) => {
      const response = new ServerResponse(request)
      response.assignSocket(socket.resume().on('end', () => socket.end()) as Socket)
      listener(request, response)
    })
    const port = await listen(server)
    const request = send({ host: '127.0.0.1', port, headers: { connection: 'upgrade', upgrade: 'chat' } }).on('upgrade', (_response, socket) => socket.destroy())
    request.end()
    const [root] = await spans(1)
    expect(root?.attributes).not.toHaveProperty('error.type')
    expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test('ends with the connection, without an error, if that is upgraded beside a response that never gets it', async () => {
    const { options, spans } = setup()
    const listener = withTelemetry((() => {}) as Listener, options)
    const server = createServer()
    server.on('upgrade', (request, socket) => {
      socket.resume().on('end', () => socket.end()).write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n')
      listener(request, new ServerResponse(request))
      socket.once('close', () => listener(request, new ServerResponse(request)))
    })
    const port = await listen(server)
    const request = send({ host: '127.0.0.1', port, headers: { connection: 'upgrade', upgrade: 'chat' } }).on('upgrade', (_response, socket) => socket.destroy())
    request.end()
    for (const { attributes } of await spans(2)) expect(attributes).not.toHaveProperty('error.type')
  })

  test('ends with the connection for each request that waits for one before it', async () => {
    const { options, spans } = setup()
    const waiting: ServerResponse[] = []
    const port = await listen(createServer(withTelemetry(((_request, response) => void waiting.push(response)) as Listener, options)))
    const client = open(port, '127.0.0.1')
    client.write('GET /orders HTTP/1.1\r\nhost: shop\r\n\r\n'.repeat(12))
    while (waiting.length < 12) await turn()
    // One listener serves all of them: Node warns of more than ten. On Node 22, responses that wait emit nothing.
    for (const response of waiting.slice(1)) response.emit = () => false
    client.destroy()
    expect(await spans(12)).toHaveLength(12)
  })

  test('ends with the response if a fake request has no connection', async () => {
    const { options, spans } = setup()
    const made = { method: 'GET', headers: {}, url: '/' } as IncomingMessage
    withTelemetry(((_request, response) => response.emit('finish')) as Listener, options)(made, new ServerResponse(made))
    expect(await spans(1)).toHaveLength(1)
  })

  test('is not opened for a fake response, and the handler is called', async () => {
    const { options, exporter } = setup()
    const handler = withTelemetry(((_request: object, response: { json(): string }) => response.json()) as unknown as Listener, options)
    expect(handler({ method: 'GET', headers: {} } as never, { json: () => 'played' } as never)).toBe('played')
    expect(exporter.spans).toEqual([])
  })

  test('ends at once if the client left before it began', async () => {
    const { options, spans } = setup()
    const wrapped = withTelemetry(json as () => void, options)
    const port = await listen(createServer((request, response) => {
      response.once('close', () => setImmediate(() => wrapped.call(undefined, ...([request, response] as unknown as []))))
      client.destroy()
    }))
    const client = send({ host: '127.0.0.1', port, path: '/gone' }).on('error', () => {}).end()
    const [root] = await spans(1)
    expect([root?.attributes['url.path'], root?.attributes['error.type']]).toEqual(['/gone', 'aborted'])
  })

  test('records that an HTTP/2 client has reset it', async () => {
    const { options, spans } = setup()
    const port = await listen(createServer2(withTelemetry((_request, response) => void response.write('half'), options)))
    const client = connect(`http://127.0.0.1:${port}`)
    const stream = client.request({ ':path': '/left' }).on('error', () => {})
    await once(stream, 'data')
    stream.close(constants.NGHTTP2_CANCEL)
    const [root] = await spans(1)
    client.destroy()
    expect([root?.attributes['error.type'], root?.attributes['flushed.response_stream'], root?.status.code]).toEqual(['aborted', 'cancelled', SpanStatusCode.UNSET])
  })

  test('ends, too, if an HTTP/2 stream was closed before it began', async () => {
    const { options, spans } = setup()
    const wrapped = withTelemetry(() => undefined, options) as () => void
    const port = await listen(createServer2((request, response) => {
      response.once('close', () => setImmediate(() => wrapped.call(undefined, ...([request, response] as unknown as []))))
      response.stream.close()
    }))
    const client = connect(`http://127.0.0.1:${port}`)
    client.request({ ':path': '/gone' }).on('error', () => {}).end()
    const [root] = await spans(1)
    client.destroy()
    expect(root?.attributes['url.path']).toBe('/gone')
  })

  test('lasts as long as a stream of events', async () => {
    const { port, spans, exporter, tracer } = await serving(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let n = 0; n < 3; n++) {
        tracer.startSpan(`event ${n}`).end()
        response.write(`data: ${n}\n\n`)
        await turn()
        expect(currentInvocation()?.live).toBe(true)
      }
      response.end()
    })
    expect((await fetched(port, '/events')).text).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\n')
    expect((await spans(4)).map(({ name }) => name)).toEqual(['event 0', 'event 1', 'event 2', 'GET'])
    expect(exporter.exports).toHaveLength(1)
  })

  test('is current when the response emits `drain`, which comes from its socket', async () => {
    const { port, spans, tracer } = await serving(async (_request, response) => {
      let full = 0
      await new Promise<void>((resolve) => {
        const fill = () => {
          tracer.startSpan('filled').end()
          if (++full > 3) return resolve()
          while (response.write('x'.repeat(100_000)));
          response.once('drain', fill)
        }
        fill()
      })
      response.end()
    })
    await fetched(port, '/')
    const all = await spans(5)
    const root = all.at(-1)?.spanContext().spanId
    expect(all.slice(0, 4).map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual(Array(4).fill(['filled', root]))
  })

  test('includes background work that goes on after the response', async () => {
    const { port, spans, tracer } = await serving((_request, response) => {
      waitUntil(new Promise<void>((resolve) => response.on('close', () => setTimeout(() => {
        tracer.startSpan('audit').end()
        resolve()
      }, 20))))
      response.end()
    })
    await fetched(port, '/')
    expect((await spans(2)).map(({ name }) => name)).toEqual(['audit', 'GET'])
  })

  test('is a single one if the listener is wrapped twice: the inner wrapper makes a child span', async () => {
    const { options, spans } = setup()
    const port = await listen(createServer(withTelemetry(withTelemetry(json as () => void, options), options)))
    await fetched(port, '/')
    const [inner, outer] = await spans(2)
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId)
  })
})
