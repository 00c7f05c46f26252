/** Invocations of requests to Node's own `http`, on real sockets: where they are current, and what they include. */
import { once } from 'node:events'
import { type IncomingMessage, ServerResponse, createServer } from 'node:http'
import { connect as open } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { currentInvocation, span, waitUntil, withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { fetched, listen, setup } from '../../server/support.ts'
import { type Listener, json, serving } from './support.ts'

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
