/** Handlers of h3 2, the server of Nitro 3: on the real h3, with in-memory exporters. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import { type EdgeOptions, span, withTelemetry } from 'flushed/edge'
import { H3, type H3Event, HTTPError, HTTPResponse } from 'h3'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

const ORDER = 'https://shop.example/orders/7'
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** What becomes of a request to an application with one wrapped handler. */
async function served(handler: (event: H3Event) => unknown, options: EdgeOptions<[event: H3Event]> = {}, request = new Request(ORDER, { headers: { traceparent } })) {
  const { exporter, telemetry } = pipeline()
  const app = new H3({ silent: true }).get('/orders/:id', withTelemetry(handler, { telemetry, ...options }))
  const response = await app.fetch(request)
  const body = await response.text()
  const [root] = exporter.spans
  return { status: response.status, body, root, reflected: root?.attributes['http.response.status_code'] }
}

const throwing = (thrown: unknown) => () => {
  throw thrown
}

const quiet = { flush: 'before-response' } as const

describe('a wrapped handler of h3', () => {
  test('has the request of its event as its root span', async () => {
    const { body, root } = await served(() => ({ id: 7 }), { route: '/orders/:id', ...quiet })
    expect(body).toBe('{"id":7}')
    expect(root).toMatchObject({
      name: 'GET /orders/:id',
      kind: SpanKind.SERVER,
      attributes: { 'url.path': '/orders/7', 'http.route': '/orders/:id' },
      parentSpanContext: { spanId: 'b7ad6b7169203331' },
    })
  })

  test('is flushed in the `waitUntil` of its request, which knows the work that is handed to the event', async () => {
    const kept: Promise<unknown>[] = []
    const reports: FlushReport[] = []
    const request = Object.assign(new Request(ORDER), { waitUntil: (work: Promise<unknown>) => void kept.push(work) })
    const handler = (event: H3Event) => {
      const audit = Promise.resolve().then(() => span('audit').end())
      event.waitUntil(audit)
    }
    await served(handler, { onFlush: (report) => void reports.push(report) }, request)
    expect(reports).toEqual([])
    await Promise.all(kept)
    expect(reports).toMatchObject([{ phase: 'after-response', spans: { acknowledged: 2 } }])
  })

  test('is flushed before its response if its request has no `waitUntil`, though its event has one', async () => {
    const reports: FlushReport[] = []
    await served(() => 'ok', { onFlush: (report) => void reports.push(report), logger: { warn() {} } })
    expect(reports).toMatchObject([{ phase: 'before-response', outcome: 'delivered' }])
  })

  test('has the status of what it returns, if that has one', async () => {
    const { status, root, reflected } = await served(() => new HTTPResponse('no', { status: 503 }), quiet)
    expect([status, reflected, root?.status.code]).toEqual([503, 503, SpanStatusCode.ERROR])
  })

  test('has the status of an `HTTPError` that is the caller’s, and that is no error of the program', async () => {
    const { status, root, reflected } = await served(throwing(HTTPError.status(404)), quiet)
    expect([status, reflected, root?.status.code, root?.events]).toEqual([404, 404, SpanStatusCode.UNSET, []])
  })

  test.each([
    ['an `HTTPError` that says that the program has failed', HTTPError.status(500), 500],
    ['an error that h3 takes a status from, and reports', Object.assign(new RangeError('gone'), { status: 410 }), 410],
    ['a response, which is no response to h3', new Response(null, { status: 404 }), 500],
  ])('records what it throws as an error: %s', async (_what, thrown, answered) => {
    const { status, root } = await served(throwing(thrown), quiet)
    expect([status, root?.status.code, root?.events.length]).toEqual([answered, SpanStatusCode.ERROR, 1])
  })
})
