/** Responses of Node's own `http` and `http2` that the server does not finish, on real sockets: what is an error then, and which. */
import { SpanStatusCode } from '@opentelemetry/api'
import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import { type ServerHttp2Stream, connect, constants, createServer as createServer2 } from 'node:http2'
import { connect as open } from 'node:net'
import { withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { shared } from '../../../src/server/state.ts'
import { fetched, listen, setup } from '../../server/support.ts'
import { type Listener, serving } from './support.ts'

describe('the invocation', () => {
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
})
