/** The middleware on the real Express 5 and 4, on real sockets: where the invocation of a request is current, and when it ends. */
import { createServer, request as send } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ErrorRequestHandler } from 'express'
import { currentInvocation, drain, span, telemetry, waitUntil } from 'flushed/express'
import { withTelemetry } from 'flushed/node'
import { describe, expect, test } from 'vitest'
import { ask, hangUpAfter } from '../../support/raw.ts'
import { hangUpOnce, listen, setup } from '../../server/support.ts'
import { application } from './application.ts'
import { VERSIONS, serving } from './serving.ts'

describe.each(VERSIONS)('Express %s', (_major, express) => {
  const { start } = serving(express)

  describe('the invocation', () => {
    test('is current in middlewares, after body parsers, in handlers and in error handlers', async () => {
      const seen: (string | undefined)[] = []
      const see = () => seen.push(currentInvocation()?.root.spanContext().spanId)
      const { at, spans } = await start((app) => {
        app.use((_request, _response, next) => (see(), next()))
        app.use(express.json())
        app.post('/orders', async (_request, _response, next) => {
          see()
          await turn()
          using _s = span('work')
          see()
          next(new Error('boom'))
        })
        app.use(((_error, _request, response, _next) => (see(), void response.status(500).end())) as ErrorRequestHandler)
      })
      const posted = send(at('/orders'), { method: 'POST', headers: { 'content-type': 'application/json' }, agent: false }).on('error', () => {})
      posted.end(JSON.stringify({ text: 'x'.repeat(50_000) }))
      const [work, root] = await spans(2)
      expect(seen).toEqual(Array(4).fill(root?.spanContext().spanId))
      expect([work?.name, work?.parentSpanContext?.spanId]).toEqual(['work', root?.spanContext().spanId])
    })

    test('ends with its open spans when the client hangs up', async () => {
      let answer!: () => void
      const { at, spans } = await start((app, { tracer }) => app.get('/held/:id', (_request, response) => {
        tracer.startSpan('left open')
        answer = () => void response.send('too late')
      }))
      await hangUpOnce(at('/held/1'), () => answer)
      const [left, root] = await spans(2)
      expect([left?.name, root?.name, root?.attributes['http.route']]).toEqual(['left open', 'GET /held/:id', '/held/:id'])
      expect(root?.attributes).toMatchObject({ 'error.type': 'aborted', 'flushed.response_stream': 'cancelled' })
      expect(root?.status.code).toBe(SpanStatusCode.UNSET)
      answer()
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
      const { at, exporter } = await start((app, { tracer }) => app.get('/', (_request, response) => {
        waitUntil(new Promise<void>((resolve) => (work = resolve)).then(() => tracer.startSpan('audit').end()))
        response.end()
      }))
      await ask(at('/'))
      const drained = drain()
      await turn()
      expect(exporter.spans).toEqual([])
      work()
      expect(await drained).toMatchObject([{ phase: 'shutdown' }])
      expect(exporter.spans.map(({ name }) => name)).toEqual(['audit', 'GET /'])
    })

    test('is a child span inside that of `flushed/node`, whose root span is named after the route', async () => {
      const made = setup()
      const app = express()
      app.use(telemetry(made.options))
      application(express)(app, made)
      const port = await listen(createServer(withTelemetry(app, made.options)))
      await ask(new URL('/orders/7', `http://127.0.0.1:${port}`))
      const all = await made.spans(3)
      const [root] = all.filter(({ kind }) => kind === SpanKind.SERVER)
      expect(root).toMatchObject({ name: 'GET /orders/:id', attributes: { 'http.route': '/orders/:id' } })
      expect(all.find(({ parentSpanContext }) => parentSpanContext?.spanId === root?.spanContext().spanId)?.kind).toBe(SpanKind.INTERNAL)
    })

    test('is a single one if the middleware is used twice', async () => {
      const { at, spans } = await start((app, made) => {
        app.use(telemetry(made.options))
        application(express)(app, made)
      })
      await ask(at('/orders/7'))
      const all = await spans(3)
      expect(all.filter(({ parentSpanContext }) => parentSpanContext === undefined).map(({ name }) => name)).toEqual(['GET /orders/:id'])
    })
  })
})
