/**
 * What is active when a server begins to listen, such as a span, is active in all of its requests, though it is around none of
 * them. On real servers.
 */
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

/** Registers a context manager, too: programs have one before they begin to listen. */
function setup() {
  const parts = setUp()
  ensureContextManager()
  return parts
}

const listenWithin = (span: Span, server: Parameters<typeof listen>[0]) => context.with(trace.setSpan(context.active(), span), listen, undefined, server)

type Spans = Awaited<ReturnType<ReturnType<typeof setup>['spans']>>

const tracesOf = (spans: Spans) => new Set(spans.map((span) => span.spanContext().traceId)).size
const parentsOf = (spans: Spans) => spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)

describe('a server that began to listen inside', () => {
  test('a span that has ended: each request has its own trace', async () => {
    const { options, spans, tracer } = setup()
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, createServer(withTelemetry(json, options)))
    boot.end()
    for (let n = 0; n < 3; n++) await fetched(port, '/')
    const all = await spans(4)
    expect(parentsOf(all)).toEqual([undefined, undefined, undefined, undefined])
    expect(tracesOf(all)).toBe(4)
  })

  test('a span that goes on: each request but the first, which looks like a part of it, has its own trace', async () => {
    const { options, spans, tracer } = setup()
    const program = tracer.startSpan('program')
    const port = await listenWithin(program, createServer(withTelemetry(json, options)))
    for (let n = 0; n < 3; n++) await fetched(port, '/')
    expect(parentsOf(await spans(3))).toEqual([program.spanContext().spanId, undefined, undefined])
  })

  test('an invocation that goes on: the spans of requests are sent, and do not wait for its end', async () => {
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

  test('a span: the listener sees the other values in the context of its request', async () => {
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

  test('a span that has ended, with HTTP/2: a request has its own trace', async () => {
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

describe('the parent of a wrapped request is still', () => {
  test.each([
    ['the server span that an instrumentation opens for each request: the root span is internal then', SpanKind.SERVER, SpanKind.INTERNAL],
    ['an internal span that is opened for each request: the root span is the server span then', SpanKind.INTERNAL, SpanKind.SERVER],
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

  test('the root span of the same request, however often its listener calls other wrapped ones', async () => {
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

  test('the root span of the request that it is derived from', async () => {
    const { options, spans } = setup()
    const inner = withTelemetry((() => {}) as Listener, { ...options, name: 'inner' })
    const port = await listen(createServer(withTelemetry(((request, response) => {
      for (let n = 0; n < 3; n++) inner.call(undefined, Object.create(request) as typeof request, response)
      setImmediate(() => response.end())
    }) as Listener, options)))
    await fetched(port, '/')
    expect(tracesOf(await spans(4))).toBe(1)
  })

  test('a span of the same request that has ended because its client has left', async () => {
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

  test('the span around an adapter that acts as a server, for any number of requests', async () => {
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

  test('the caller’s span, which comes before all of them', async () => {
    const { options, spans, tracer } = setup()
    const boot = tracer.startSpan('boot')
    const port = await listenWithin(boot, createServer(withTelemetry(json, options)))
    boot.end()
    send({ port, host: '127.0.0.1', headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } }).end()
    const root = (await spans(2)).find(({ name }) => name === 'GET')
    expect(root?.parentSpanContext?.spanId).toBe('2'.repeat(16))
  })
})
