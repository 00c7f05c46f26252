/** The plugin on the real Fastify 5, on real sockets: where the invocation of a request is current, and when it ends. */
import { Readable } from 'node:stream'
import { request as send } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { SpanStatusCode } from '@opentelemetry/api'
import { currentInvocation, drain, span, telemetry, waitUntil } from 'flushed/fastify'
import { withTelemetry } from 'flushed/lambda'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, hangUpAfter } from '../../support/raw.ts'
import { hangUpOnce, setup } from '../../server/support.ts'
import { application } from './application.ts'
import { fastify, start } from './serving.ts'

describe('the invocation', () => {
  test('is current in each of the hooks, in parsers, handlers and error handlers', async () => {
    const seen: Record<string, string | undefined> = {}
    const see = (where: string) => (seen[where] = currentInvocation()?.root.spanContext().spanId)
    const before = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'onError', 'preSerialization', 'onSend', 'onResponse'] as const
    const { at, spans } = await start((app) => {
      for (const name of before) app.addHook(name as 'onRequest', async () => void see(name))
      app.addContentTypeParser('text/plain', { parseAs: 'string' }, async (_request: unknown, body: unknown) => (see('parser'), body))
      app.setErrorHandler((_error, _request, reply) => (see('error handler'), reply.code(500).send({})))
      app.post('/orders', async () => {
        see('handler')
        await turn()
        using _s = span('work')
        see('later')
        throw new Error('boom')
      })
    })
    send(at('/orders'), { method: 'POST', headers: { 'content-type': 'text/plain' }, agent: false }).on('error', () => {}).end('x'.repeat(50_000))
    const [work, root] = await spans(2)
    const all = [...before, 'parser', 'error handler', 'handler', 'later']
    await expect.poll(() => Object.keys(seen).length).toBe(all.length)
    expect(seen).toEqual(Object.fromEntries(all.map((where) => [where, root?.spanContext().spanId])))
    expect([work?.name, work?.parentSpanContext?.spanId]).toEqual(['work', root?.spanContext().spanId])
  })

  test('ends with its open spans when the client hangs up', async () => {
    let answer!: () => void
    const { at, spans } = await start((app, { tracer }) => app.get('/held/:id', (_request, reply) => {
      tracer.startSpan('left open')
      answer = () => void reply.send('too late')
    }))
    await hangUpOnce(at('/held/1'), () => answer)
    const [left, root] = await spans(2)
    expect([left?.name, root?.name]).toEqual(['left open', 'GET /held/:id'])
    expect(root?.attributes).toMatchObject({ 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' })
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
    answer()
  })

  test('is complete if the client leaves with all bytes of `Content-Length`, though the stream goes on', async () => {
    const { at, spans } = await start((app) =>
      app.get('/whole', (_request, reply) => reply.header('content-length', 4).send(new Readable({ read() { this.push('data'); this._read = () => {} } }))))
    const request = send(at('/whole'), { agent: false }).end()
    request.on('response', (response) => response.once('data', () => request.destroy()))
    const [root] = await spans(1)
    expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200 })
    expect(root?.attributes).not.toHaveProperty('error.type')
  })

  test('lasts as long as a stream, and records if the client has left it', async () => {
    const { at, spans, exporter } = await start()
    expect((await ask(at('/stream'))).body).toBe('chunk 0\nchunk 1\nchunk 2\n')
    expect((await spans(4)).map(({ name }) => name)).toEqual(['chunk 0', 'chunk 1', 'chunk 2', 'GET /stream'])
    await hangUpAfter(at('/endless'), 20)
    await expect.poll(() => exporter.spans.at(-1)?.attributes['flushed.response_stream']).toBe('cancelled')
    expect(exporter.spans.at(-1)?.attributes['http.response.status_code']).toBe(200)
  })

  test('includes background work, which `drain()` waits for', async () => {
    let work!: () => void
    const { at, exporter } = await start((app, { tracer }) => app.get('/', async () => {
      waitUntil(new Promise<void>((resolve) => (work = resolve)).then(() => tracer.startSpan('audit').end()))
      return {}
    }))
    await ask(at('/'))
    const drained = drain()
    await turn()
    expect(exporter.spans).toEqual([])
    work()
    expect(await drained).toMatchObject([{ phase: 'shutdown' }])
    expect(exporter.spans.map(({ name }) => name)).toEqual(['audit', 'GET /'])
  })

  test('covers requests of `app.inject()`, too', async () => {
    const { app, spans } = await start()
    expect((await app.inject('/orders/7')).json()).toEqual({ id: '7' })
    expect((await spans(2)).map(({ name }) => name)).toEqual(['load', 'GET /orders/:id'])
  })

  test('is a child span inside that of a Lambda handler, which flushes before its response', async () => {
    const made = setup()
    const app = fastify()
    await app.register(telemetry, made.options)
    await application(app, made)
    onTestFinished(() => app.close())
    const handler = withTelemetry(async () => (await app.inject('/orders/7')).statusCode, { telemetry: made.options.telemetry })
    expect(await (handler as (event: object, context: object) => Promise<number>)({}, { getRemainingTimeInMillis: () => 3000 })).toBe(200)
    const [load, request, root] = made.exporter.spans
    expect([load?.name, request?.name, root?.attributes['http.route']]).toEqual(['load', 'GET /orders/:id', undefined])
    expect([load?.parentSpanContext?.spanId, request?.parentSpanContext?.spanId]).toEqual([request?.spanContext().spanId, root?.spanContext().spanId])
  })
})
