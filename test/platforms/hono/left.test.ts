/** Clients that leave, on the real server of Hono for Node: what ends then, and what is not an error. */
import { type EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { currentInvocation, span } from 'flushed/hono'
import { drain } from 'flushed/node'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from '../../support/raw.ts'
import { newIsolate } from '../../support/sdk.ts'
import { start } from './serving.ts'

beforeEach(newIsolate)

interface Context {
  readonly env: { readonly outgoing: EventEmitter & { destroy(): void } }
  readonly req: { readonly raw: Request }
  readonly error?: Error
}
type Next = () => Promise<void>

/** Sends a request, and hangs up when it has reached the application. `failure` resolves with the application's error, if any. */
async function leave(path: string, { method = 'GET', body = '' } = {}) {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const { promise: failure, resolve: settled } = Promise.withResolvers<Error | undefined>()
  const telling = async (c: Context, next: Next) => {
    reach()
    await next()
    settled(c.error)
  }
  const started = await start({}, { below: [telling] } as never)
  const headers = body ? { 'content-length': 1000 } : {}
  const asked = request(started.at(path), { agent: false, method, headers }).on('error', () => {})
  if (body) asked.write(body)
  else asked.end()
  await reached
  asked.destroy()
  return { ...started, failure }
}

const LEFT = { 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' }

test('a request is over when its client leaves, though the application waits forever', async () => {
  const { spans } = await leave('/never')
  const [root] = await spans(1)
  expect(root).toMatchObject({ name: 'GET /never', status: { code: 0 }, attributes: { 'http.route': '/never', ...LEFT } })
  // No request is open that it would wait for.
  const asked = performance.now()
  await drain()
  expect(performance.now() - asked).toBeLessThan(1000)
})

describe('if an application fails because its client has left, the root span has no error and no status code:', () => {
  test.each([
    ['its own request is aborted', '/asking', { method: 'GET' }, 'no longer asked'],
    ['the body of the request is incomplete', '/parsed', { method: 'POST', body: '{"a":' }, 'aborted'],
  ])('%s', async (_why, path, options, message) => {
    const { spans, failure } = await leave(path, options)
    expect((await failure)?.message).toBe(message)
    const [root] = await spans(1)
    expect(root).toMatchObject({ name: `${options.method} ${path}`, status: { code: 0 }, attributes: LEFT, events: [] })
    expect(root?.attributes).not.toHaveProperty('http.response.status_code')
  })
})

test('if an application failed before its client left, the root span has the error, but no status: none was sent', async () => {
  const leaving = async ({ env: { outgoing } }: Context, next: Next) => {
    await next()
    outgoing.destroy()
    await once(outgoing, 'close')
  }
  const { at, spans } = await start({}, { below: [leaving] } as never)
  expect((await ask(at('/fails'))).error).toBe('ECONNRESET')
  const [root] = await spans(1)
  expect(root).toMatchObject({ name: 'GET /fails', status: { code: 2, message: 'out of stock' }, attributes: { 'error.type': 'RangeError' } })
  expect(root?.attributes).not.toHaveProperty('http.response.status_code')
})

test('a request whose client left before the middleware was reached ends, without a status code', async () => {
  const gone = async ({ env: { outgoing } }: Context, next: Next) => {
    asked.destroy()
    await once(outgoing, 'close')
    await next()
  }
  const { at, spans } = await start({}, { above: [gone] } as never)
  const asked = request(at('/'), { agent: false }).on('error', () => {}).end()
  const [root] = await spans(1)
  expect(root).toMatchObject({ name: 'GET /', attributes: LEFT })
  expect(root?.attributes).not.toHaveProperty('http.response.status_code')
})

describe('when the client leaves, the invocation is current in', () => {
  const told: [string, (c: Context, tell: () => void, next: Next) => Promise<Response | void>][] = [
    ['a listener of the request’s signal', async ({ req }, tell, next) => {
      req.raw.signal.addEventListener('abort', tell)
      await next()
    }],
    ['a listener of Node’s response', async ({ env }, tell, next) => {
      env.outgoing.on('close', tell)
      await next()
    }],
    ['`cancel` of the body', async (_c, tell) => new Response(new ReadableStream({ cancel: tell }))],
  ]

  test.each(told)('%s', async (_who, listening) => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<unknown>()
    const tell = () => {
      span('clean up').end()
      hear(currentInvocation()?.root.spanContext().spanId)
    }
    const { promise: reached, resolve: reach } = Promise.withResolvers<unknown>()
    const last = (_c: Context, next: Next) => {
      reach(undefined)
      return next()
    }
    const { at, spans } = await start({}, { below: [(c: Context, next: Next) => listening(c, tell, next), last] } as never)
    // The server listens to a body once its headers have been sent.
    const asked = request(at('/never'), { agent: false }, reach).on('error', () => {})
    asked.end()
    await reached
    asked.destroy()
    const id = await heard
    const [first, second] = await spans(2)
    expect([first?.name, second?.name]).toEqual(['clean up', 'GET /never'])
    expect([id, first?.parentSpanContext?.spanId]).toEqual(Array(2).fill(second?.spanContext().spanId))
  })
})

test('pipelined requests that wait for earlier responses end with their connection', async () => {
  let reached = 0
  const counting = (_c: Context, next: Next) => {
    reached++
    return next()
  }
  const { url, spans } = await start({}, { below: [counting] } as never)
  const socket = connect(Number(url.port), url.hostname)
  socket.write('GET /never HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(3))
  await expect.poll(() => reached).toBe(3)
  socket.destroy()
  for (const { attributes } of await spans(3)) expect(attributes).toMatchObject(LEFT)
})

test('a response is complete if the client leaves with all bytes of `Content-Length`, though the body goes on', async () => {
  const whole = () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('data')) }), { headers: { 'content-length': '4' } })
  const { at, spans } = await start({}, { below: [whole] } as never)
  const asked = request(at('/whole'), { agent: false }).end()
  asked.on('response', (response) => response.once('data', () => asked.destroy()))
  const [root] = await spans(1)
  expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200 })
  expect(root?.attributes).not.toHaveProperty('error.type')
})
