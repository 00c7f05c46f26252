/** Connections that are upgraded, on a real server of Node's own `http`: their requests do not fail by it. */
import { SpanStatusCode } from '@opentelemetry/api'
import { ServerResponse, createServer, request as send } from 'node:http'
import type { Socket } from 'node:net'
import { withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { listen, setup } from '../../server/support.ts'
import type { Listener } from './support.ts'

describe('the invocation', () => {
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
})
