/** What is active when a server begins to listen is active in all of its requests, and around none of them: on real servers. */
import { createServer, request as send } from 'node:http'
import { connect, createServer as createServer2 } from 'node:http2'
import { once } from 'node:events'
import { type Span, SpanKind, context, createContextKey, trace } from '@opentelemetry/api'
import { withTelemetry as wrap } from 'flushed'
import { withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { ensureContextManager } from '../../../src/core/context-manager.ts'
import { fetched, listen, setup as setUp } from '../../server/support.ts'
import { type Listener, json } from './support.ts'

/** Programs have a context manager before they begin to listen. */
function setup() {
  const parts = setUp()
  ensureContextManager()
  return parts
}

const listenWithin = (span: Span, server: Parameters<typeof listen>[0]) => context.with(trace.setSpan(context.active(), span), listen, undefined, server)

type Spans = Awaited<ReturnType<ReturnType<typeof setup>['spans']>>

const tracesOf = (spans: Spans) => new Set(spans.map((span) => span.spanContext().traceId)).size
const parentsOf = (spans: Spans) => spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)

describe('a server that was begun within', () => {
  test('a span that has ended: each request is a trace of its own', async () => {
    const { options, spans, tracer } = setup()
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, createServer(withTelemetry(json, options)))
    boot.end()
    for (let n = 0; n < 3; n++) await fetched(port, '/')
    const all = await spans(4)
    expect(parentsOf(all)).toEqual([undefined, undefined, undefined, undefined])
    expect(tracesOf(all)).toBe(4)
  })

  test('a span that goes on: each but the first, which nothing tells from what it is around', async () => {
    const { options, spans, tracer } = setup()
    const program = tracer.startSpan('program')
    const port = await listenWithin(program, createServer(withTelemetry(json, options)))
    for (let n = 0; n < 3; n++) await fetched(port, '/')
    expect(parentsOf(await spans(3))).toEqual([program.spanContext().spanId, undefined, undefined])
  })

  test('an invocation that goes on: what the requests have recorded is sent, and does not wait for that', async () => {
    const { options, spans } = setup()
    let stop!: () => void
    const over = new Promise<void>((resolve) => (stop = resolve))
    let port!: Promise<number>
    const main = wrap(async () => {
      port = listen(createServer(withTelemetry(json, options)))
      await over
    }, options)()
    for (let n = 0; n < 3; n++) await fetched(await port, '/')
    expect(tracesOf(await spans(2))).toBe(2)
    stop()
    await main
  })

  test('a span: what else is in the context of a request is there for its listener', async () => {
    const { options, spans, tracer } = setup()
    const tenant = createContextKey('tenant')
    const seen: unknown[] = []
    const wrapped = withTelemetry(((_request, response) => {
      seen.push(context.active().getValue(tenant))
      response.end()
    }) as Listener, options) as unknown as (...args: Parameters<Listener>) => void
    const server = createServer((...args) => context.with(context.active().setValue(tenant, 'acme'), wrapped, undefined, ...args))
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, server)
    for (let n = 0; n < 2; n++) await fetched(port, '/')
    await spans(2)
    expect(seen).toEqual(['acme', 'acme'])
  })

  test('a span, by HTTP/2', async () => {
    const { options, spans, tracer } = setup()
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, createServer2(withTelemetry((_request, response) => void response.end(), options)))
    boot.end()
    const client = connect(`http://127.0.0.1:${port}`)
    await once(client.request({ ':path': '/' }).resume(), 'close')
    client.destroy()
    expect(parentsOf(await spans(2))).toEqual([undefined, undefined])
  })
})

describe('what is around a request is its parent still:', () => {
  test.each([
    ['a span that an instrumentation opens for each; of one that tells of the request, the root is a part', SpanKind.SERVER, SpanKind.INTERNAL],
    ['one that tells of something else', SpanKind.INTERNAL, SpanKind.SERVER],
  ])('%s', async (_what, kind, rootKind) => {
    const { options, spans, tracer } = setup()
    const wrapped = withTelemetry(json, options) as unknown as (...args: Parameters<Listener>) => void
    const port = await listen(createServer((request, response) => {
      const around = tracer.startSpan('around', { kind })
      response.on('close', () => around.end())
      context.with(trace.setSpan(context.active(), around), wrapped, undefined, request, response)
    }))
    for (let n = 0; n < 2; n++) await fetched(port, '/')
    const all = await spans(4)
    const around = all.filter(({ name }) => name === 'around').map((span) => span.spanContext().spanId)
    const roots = all.filter(({ name }) => name === 'GET')
    expect(parentsOf(roots)).toEqual(around)
    expect(roots.map((root) => root.kind)).toEqual([rootKind, rootKind])
  })

  test('the same request’s own, however often it is wrapped within', async () => {
    const { options, spans } = setup()
    const inner = withTelemetry((() => {}) as Listener, { ...options, name: 'inner' })
    const port = await listen(createServer(withTelemetry(((request, response) => {
      inner.call(undefined, request, response)
      inner.call(undefined, request, response)
      response.end()
    }) as Listener, options)))
    await fetched(port, '/')
    const all = await spans(3)
    const root = all.find(({ name }) => name === 'GET')
    expect(parentsOf(all.filter(({ name }) => name === 'inner'))).toEqual([root?.spanContext().spanId, root?.spanContext().spanId])
  })

  test('the same request’s, of others that are made of it', async () => {
    const { options, spans } = setup()
    const inner = withTelemetry((() => {}) as Listener, { ...options, name: 'inner' })
    const port = await listen(createServer(withTelemetry(((request, response) => {
      for (let n = 0; n < 3; n++) inner.call(undefined, Object.create(request) as typeof request, response)
      setImmediate(() => response.end())
    }) as Listener, options)))
    await fetched(port, '/')
    expect(tracesOf(await spans(4))).toBe(1)
  })

  test('a span of the same request that has ended since its client has left', async () => {
    const { options, spans, tracer } = setup()
    const wrapped = withTelemetry(json, options) as unknown as (...args: Parameters<Listener>) => void
    const port = await listen(createServer((request, response) => {
      const around = tracer.startSpan('around', { kind: SpanKind.SERVER })
      response.on('close', () => {
        around.end()
        setImmediate(() => context.with(trace.setSpan(context.active(), around), wrapped, undefined, request, response))
      })
      request.socket.destroy()
    }))
    send({ port, host: '127.0.0.1' }).on('error', () => {}).end()
    expect(tracesOf(await spans(2))).toBe(1)
  })

  test('that of an adapter which plays a server, for any number of requests', async () => {
    const { options, spans, tracer } = setup()
    const wrapped = withTelemetry(((_request, response) => void response.emit('finish')) as Listener, options)
    const around = tracer.startSpan('around')
    const { ServerResponse } = await import('node:http')
    for (let n = 0; n < 2; n++) {
      const made = { method: 'GET', headers: {}, url: '/', socket: {} } as never
      context.with(trace.setSpan(context.active(), around), () => wrapped.call(undefined, made, new ServerResponse(made)))
    }
    expect(parentsOf(await spans(2))).toEqual([around.spanContext().spanId, around.spanContext().spanId])
  })

  test('the caller’s, which comes before all of them', async () => {
    const { options, spans, tracer } = setup()
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, createServer(withTelemetry(json, options)))
    boot.end()
    send({ port, host: '127.0.0.1', headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } }).end()
    const root = (await spans(2)).find(({ name }) => name === 'GET')
    expect(root?.parentSpanContext?.spanId).toBe('2'.repeat(16))
  })
})
