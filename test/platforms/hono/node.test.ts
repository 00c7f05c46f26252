/** The middleware on the real server of Hono for Node, `@hono/node-server`, in a long-running process. */
import { once } from 'node:events'
import { connect, constants, createServer } from 'node:http2'
import { drain } from 'flushed/node'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ask, hangUpAfter } from '../../support/raw.ts'
import { newIsolate } from '../../support/sdk.ts'
import { application, bodies } from './functions/app.mjs'
import { listen, start } from './serving.ts'

beforeEach(newIsolate)

const bare = (around?: Parameters<typeof application>[1]) => listen(application((_c: never, next: () => Promise<void>) => next(), around).fetch)
const PATHS = ['/', '/v1/orders/0', '/fails', '/cookies', '/stream', '/stream/helper', '/sse', '/teapot', '/nowhere', '/anything', '/fails/strangely']

describe('a request', () => {
  test('is an invocation: its root span is named after the route, and is the parent of its spans', async () => {
    const { at, spans, warnings, reports } = await start()
    const { body } = await ask(at('/v1/orders/7?q=1'))
    const [child, root] = await spans(2)
    expect([child?.name, root?.name]).toEqual(['find order', 'GET /v1/orders/:id'])
    expect(JSON.parse(body)).toEqual({ id: '7', active: root?.spanContext().spanId })
    expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
    expect(root?.attributes).toMatchObject({
      'http.route': '/v1/orders/:id',
      'http.response.status_code': 200,
      'url.path': '/v1/orders/7',
      'url.query': 'q=1',
      'network.protocol.version': '1.1',
    })
    // A server is not a function.
    expect(root?.attributes).not.toHaveProperty('faas.trigger')
    expect(reports).toMatchObject([{ phase: 'background', outcome: 'delivered' }])
    expect(warnings).toEqual([])
  })

  test('is answered before any span is sent; spans of many requests are sent together', async () => {
    const { at, spans, exporter } = await start()
    exporter.hold()
    for (let id = 1; id <= 20; id++) expect((await ask(at('/'))).body).toBe('hello')
    exporter.setMode('microtask')
    exporter.acknowledge()
    await spans(20)
    expect(exporter.exports.length).toBeLessThan(10)
  })

  test.each(PATHS)('to %s gets the same status, headers and bytes as without the middleware', async (path) => {
    const { at } = await start()
    expect(await ask(at(path))).toEqual(await ask(new URL(path, await bare())))
  })

  test.each(['compress', 'etag'] as const)('gets the same answer with the %s middleware above and below that of telemetry', async (kind) => {
    const without = await bare({ above: [bodies[kind]()] })
    for (const around of [{ above: [bodies[kind]()] }, { below: [bodies[kind]()] }]) {
      const { at, spans } = await start({}, around)
      for (const path of ['/', '/stream', '/cookies']) {
        const options = { headers: { 'accept-encoding': 'gzip' } }
        expect(await ask(at(path), options), path).toEqual(await ask(new URL(path, without), options))
      }
      expect((await spans(3)).map(({ name }) => name)).toEqual(['GET /', 'GET /stream', 'GET /cookies'])
    }
  })
})

describe('the root span', () => {
  const rootOf = async (path: string, options?: Parameters<typeof ask>[1]) => {
    const { at, spans } = await start()
    const answer = await ask(at(path), options)
    const all = await spans(1)
    return { ...answer, root: all.find(({ kind }) => kind === 1) as (typeof all)[number] }
  }

  test('has the error that became a response', async () => {
    const { root, status } = await rootOf('/v1/orders/0')
    expect(status).toBe(503)
    expect(root).toMatchObject({ name: 'GET /v1/orders/:id', status: { code: 2, message: 'no such order' } })
    expect(root.events).toMatchObject([{ name: 'exception' }])
  })

  test('is an error if a value is thrown that is not an Error', async () => {
    const { root, status } = await rootOf('/fails/strangely')
    expect(status).toBe(500)
    expect(root).toMatchObject({ name: 'GET /fails/strangely', status: { code: 2 }, attributes: { 'http.response.status_code': 500 } })
  })

  test('has no route if none matches', async () => {
    const { root } = await rootOf('/nowhere')
    expect(root.name).toBe('GET')
    expect(root.attributes).toMatchObject({ 'http.response.status_code': 404 })
    expect(root.attributes).not.toHaveProperty('http.route')
  })

  test('of HEAD is like that of GET, except for the method', async () => {
    const { root, body } = await rootOf('/stream', { method: 'HEAD' })
    expect(body).toBe('')
    expect(root).toMatchObject({ name: 'HEAD /stream', attributes: { 'http.response.status_code': 200 } })
    expect(root.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test.each(['/stream', '/stream/helper', '/sse'])('lasts as long as the body of %s', async (path) => {
    const { root } = await rootOf(path)
    expect(root.duration[0] * 1e3 + root.duration[1] / 1e6).toBeGreaterThan(18)
    expect(root.attributes).not.toHaveProperty('flushed.response_stream')
  })

  test('has the error that the body fails with', async () => {
    const { root } = await rootOf('/stream/failing')
    expect(root).toMatchObject({ status: { code: 2, message: 'out of chunks' } })
  })

  test('records that the client has hung up', async () => {
    const { at, spans } = await start()
    await hangUpAfter(at('/stream/endless'), 20)
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'flushed.response_stream': 'cancelled', 'http.response.status_code': 200 })
    expect(root?.status.code).toBe(0)
  })

  test('is an error if the server itself ends the response midway', async () => {
    let outgoing: { destroy(): void } | undefined
    const taking = async (c: { env: { outgoing: { destroy(): void } } }, next: () => Promise<void>) => {
      outgoing = c.env.outgoing
      await next()
    }
    const { at, spans } = await start({}, { above: [taking] } as never)
    const { body } = await fetch(at('/stream/endless'))
    const reader = (body as ReadableStream).getReader()
    await reader.read()
    outgoing?.destroy()
    await expect(async () => { while (!(await reader.read()).done); }).rejects.toThrow()
    const [root] = await spans(1)
    expect(root).toMatchObject({ status: { code: 2 }, attributes: { 'flushed.response_stream': 'failed', 'http.response.status_code': 200 } })
  })
})

test('a request over HTTP/2 is an invocation, too', async () => {
  const { url, spans } = await start({}, {}, { createServer })
  const client = connect(url)
  onTestFinished(() => client.destroy())
  const stream = client.request({ ':path': '/stream' })
  let body = ''
  stream.setEncoding('utf8').on('data', (chunk) => (body += chunk))
  await once(stream, 'end')
  expect(body).toBe('chunk 0\nchunk 1\nchunk 2\n')
  const [root] = await spans(1)
  expect(root).toMatchObject({ name: 'GET /stream', attributes: { 'network.protocol.version': '2', 'http.response.status_code': 200 } })
  expect(root?.attributes).not.toHaveProperty('flushed.response_stream')
})

test('a request over HTTP/2 records that its client has reset it', async () => {
  const { url, spans } = await start({}, {}, { createServer })
  const client = connect(url)
  onTestFinished(() => client.destroy())
  const stream = client.request({ ':path': '/stream/endless' }).on('error', () => {})
  await once(stream, 'data')
  stream.close(constants.NGHTTP2_CANCEL)
  expect((await spans(1))[0]?.attributes).toMatchObject({ 'flushed.response_stream': 'cancelled' })
})

test('with `flush: "before-response"`, the response is there when its root span has been delivered', async () => {
  const { at, exporter } = await start({ flush: 'before-response' })
  for (const path of ['/', '/stream']) {
    const before = exporter.spans.length
    await ask(at(path))
    expect(exporter.spans.length).toBe(before + 1)
  }
})

test('`drain()` waits for the requests in flight, and sends their spans', async () => {
  const { at, exporter, reports } = await start()
  const open = await fetch(at('/stream'))
  const [drained, body] = await Promise.all([drain(), open.text(), (await fetch(at('/'))).text()])
  expect(body).toBe('chunk 0\nchunk 1\nchunk 2\n')
  expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['GET /', 'GET /stream'])
  expect(reports.at(-1)).toMatchObject({ phase: 'shutdown' })
  expect(drained).toContain(reports.at(-1))
})
