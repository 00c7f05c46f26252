/** Requests to Node's own `http` and `http2`, on real sockets, in this process: their root spans, and the flush they share. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, isSpanContextValid } from '@opentelemetry/api'
import { once } from 'node:events'
import { connect, createServer as createServer2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { FlushContext } from 'flushed'
import { withTelemetry } from 'flushed/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fetched, listen, setup } from '../../server/support.ts'
import { json, serving } from './support.ts'

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
