/** Clients that leave a server of Node's own `http` or `http2`, on real sockets: what ends then, and what is not an error. */
import { SpanStatusCode } from '@opentelemetry/api'
import { once } from 'node:events'
import { type ServerResponse, createServer, request as send } from 'node:http'
import { connect, constants, createServer as createServer2 } from 'node:http2'
import { type Socket, connect as open } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { span, withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { fetched, listen, setup } from '../../server/support.ts'
import { type Listener, json, serving } from './support.ts'

describe('the invocation', () => {
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
})
