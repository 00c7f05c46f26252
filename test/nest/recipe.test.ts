/** Specifies the Nest application of docs/nest.md, in a process of its own, against a slow collector. */
import { join } from 'node:path'
import { startCollector } from 'flushed/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Application, compileRecipe } from './application.ts'

const COLLECTOR_MS = 300

const out = await compileRecipe()
const collector = await startCollector({ behavior: { delayMs: COLLECTOR_MS } })
afterAll(() => collector.close())

async function start(main: string) {
  collector.reset()
  const application = new Application(join(out, 'recipe', main), [], { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, PORT: '0', NO_COLOR: '1' })
  const [line = ''] = (await application.until(/^Listening on /)).slice(-1)
  return { application, url: line.replace(/^Listening on /, '').replace('[::1]', 'localhost') }
}

/** A span that has been acknowledged. */
const spanOf = (name: string, spans = collector.spans) => spans.find((span) => span.name === name)

async function delivered(name: string) {
  await collector.waitFor(() => spanOf(name) !== undefined)
  return spanOf(name)
}

describe.each([
  ['Express', 'main.js'],
  ['Fastify', 'main.fastify.js'],
])('on %s', (_platform, main) => {
  let application: Application
  let url: string
  let atStart: typeof collector.spans
  beforeAll(async () => {
    ;({ application, url } = await start(main))
    atStart = collector.spans
  })
  afterAll(() => application[Symbol.asyncDispose]())
  beforeEach(() => collector.reset())

  test('work outside a request is delivered by the time it is done', () => {
    // The report runs before the application listens.
    const [price, report] = [spanOf('PricesService.priceOf', atStart), spanOf('nightly report', atStart)]
    expect(report).toMatchObject({ kind: 'internal', status: { code: 'unset' } })
    expect(price).toMatchObject({ parentSpanId: report?.spanId, attributes: { 'app.order': 7 } })
  })

  test('a request has a root span named after its route, which is the parent of the spans in it', async () => {
    expect(await (await fetch(`${url}/prices/21`)).json()).toEqual({ price: 42 })
    const root = await delivered('GET /prices/:id')
    expect(root).toMatchObject({ kind: 'server', attributes: { 'http.route': '/prices/:id', 'http.response.status_code': 200 } })
    expect(await delivered('PricesService.priceOf')).toMatchObject({ parentSpanId: root?.spanId, attributes: { 'app.order': 21 } })
  })

  test('a request that a pipe refuses has a root span, which is not marked as a server error', async () => {
    expect((await fetch(`${url}/prices/one`)).status).toBe(400)
    expect(await delivered('GET /prices/:id')).toMatchObject({ attributes: { 'http.response.status_code': 400 }, status: { code: 'unset' } })
  })

  test('the root span records the error that a handler throws', async () => {
    expect((await fetch(`${url}/prices/1/crash`)).status).toBe(500)
    expect(await delivered('GET /prices/:id/crash')).toMatchObject({
      status: { code: 'error' },
      events: [{ name: 'exception', attributes: { 'exception.type': 'RangeError', 'exception.message': 'no such price' } }],
    })
  })

  test('on SIGTERM, a request in flight is answered and its spans are delivered before Nest ends the process', async () => {
    const answer = fetch(`${url}/prices/21/slow`, { headers: { connection: 'close' } })
    await application.until(/^in flight$/)
    const stopped = application.stop()
    expect(await (await answer).json()).toEqual({ price: 42 })
    // As Nest does without `flushed`.
    expect(await stopped).toBe('SIGTERM')
    expect(spanOf('GET /prices/:id/slow')).toMatchObject({ attributes: { 'http.response.status_code': 200 } })
  })
})
