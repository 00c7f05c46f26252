/** What servers on the real Bun and Deno answer and deliver, with `flushed/edge`, and with Hono and `flushed/hono`. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Runtime, type Served, runtimes, serve } from '../../support/bun-deno.ts'
import { type RawAnswer, ask, hangUpAfter } from '../../support/raw.ts'

const installed = await runtimes()
const RUNTIMES: Runtime[] = ['Bun', 'Deno']

/** Bodies that JavaScript does not stream, as far as the runtimes show it. */
const WHOLE = ['text', 'html', 'json', 'image', 'blob', 'form', 'empty', 'null', 'nothing', 'file', 'backend']

/** Streams. Without `flushed`, Bun gives a length to one whose content is there at once. */
const STREAMED = ['filled', 'generated']

/** Lower-cases the names of headers: Bun changes the case of those that have been read, which is the same to HTTP. */
const named = (answer: RawAnswer): RawAnswer => ({
  ...answer,
  headers: answer.headers.map((text, index) => (index % 2 ? text : text.toLowerCase())),
})

describe.each(RUNTIMES)('%s', (runtime) => {
  const executable = installed[runtime]
  if (executable === undefined) return test.skip(`has no executable for ${process.platform} on ${process.arch}, so it is not tested`)

  let served: Served
  beforeAll(async () => void (served = await serve(runtime, executable)))
  afterAll(() => served[Symbol.asyncDispose]())

  /** Sends a request. @returns the answer, and its spans once there are at least `count` */
  async function asked(path: string, count: number, method = 'GET', more = {}) {
    const traceId = randomBytes(16).toString('hex')
    const headers = { ...more, traceparent: `00-${traceId}-${'1'.repeat(16)}-01` }
    const answer = await ask(served.at(path), { method, headers })
    await served.collector.waitFor((collector) => collector.acknowledged(traceId).length >= count)
    return { answer: named(answer), spans: served.collector.acknowledged(traceId) }
  }

  const bare = async (path: string, method = 'GET', headers = {}) => named(await ask(served.at(path), { method, headers }))

  describe.each([
    ['`withTelemetry`', 'edge', 'bare'],
    ['a middleware of Hono', 'hono', 'bare-hono'],
  ])('%s', (_what, wrapped, without) => {
    test.each(WHOLE)('answers %s with the same bytes and headers as without it, and delivers its spans', async (what) => {
      const { answer, spans } = await asked(`/${wrapped}/${what}`, 2)
      expect(answer).toEqual(await bare(`/${without}/${what}`))
      expect(answer.error).toBeUndefined()
      expect(spans.map(({ name }) => name)).toEqual(['child', expect.stringMatching(/^GET/)])
      expect(spans[1]?.attributes).toMatchObject({ 'http.response.status_code': answer.status })
    })

    test.each(['bytes', 'events'])('answers %s with the same bytes as without it, and with the same headers if they can be told from a stream', async (what) => {
      const { answer } = await asked(`/${wrapped}/${what}`, 2)
      const expected = await bare(`/${without}/${what}`)
      expect(answer.body).toBe(expected.body)
      if (runtime === 'Bun') expect(answer).toEqual(expected)
    })

    test('answers HEAD as without it', async () => {
      expect((await asked(`/${wrapped}/text`, 2, 'HEAD')).answer).toEqual(await bare(`/${without}/text`, 'HEAD'))
    })

    test('passes on a stream; the root span ends with the stream, and is the parent of its spans', async () => {
      const { answer, spans } = await asked(`/${wrapped}/stream`, 6)
      expect(answer).toEqual(await bare(`/${without}/stream`))
      expect(answer.body).toBe('chunk 1\nchunk 2\nchunk 3\n')
      const root = spans.find(({ kind }) => kind === 'server')
      const below = spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId).map(({ name }) => name)
      expect(below).toEqual(['child', 'chunk 0', 'chunk 1', 'chunk 2', 'chunk 3'])
      expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(70)
      expect(root?.attributes['flushed.response_stream']).toBeUndefined()
    })
  })

  test('delivers the spans of a stream that is declared as text, wherever its root span ends', async () => {
    // Spans of any trace: Deno may continue to read outside of the context in which the stream was created.
    const chunks = () => served.collector.spans.map(({ name }) => name).filter((name) => name.startsWith('chunk'))
    // Sends what the previous tests have left.
    await asked('/edge/text', 2)
    const { length } = chunks()
    const { answer } = await asked('/edge/prose', 2)
    expect(answer).toEqual(await bare('/bare/prose'))
    await asked('/edge/text', 2)
    const ofBoth = ['chunk 0', 'chunk 1', 'chunk 2', 'chunk 3'].flatMap((name) => [name, name])
    expect(chunks().slice(length).toSorted()).toEqual(ofBoth)
    if (runtime === 'Deno') return
    const prose = served.collector.acknowledged().find(({ attributes }) => attributes['url.path'] === '/edge/prose')
    const names = served.collector.acknowledged(prose?.traceId).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['chunk 0', 'chunk 1', 'chunk 2', 'chunk 3']))
  })

  test.each(runtime === 'Bun' ? [...STREAMED, 'direct'] : STREAMED)('passes on a %s body as a stream, whether or not it would have a length without `flushed`', async (what) => {
    const { answer, spans } = await asked(`/edge/${what}`, 2)
    expect(answer.body).toBe((await bare(`/bare/${what}`)).body)
    expect(answer.headers).toContain('chunked')
    expect(spans.map(({ name }) => name)).toEqual(['child', 'GET'])
  })

  test('answers a range of a file as it does without `flushed`', async () => {
    const range = { range: 'bytes=0-9' }
    expect((await asked('/edge/file', 2, 'GET', range)).answer).toEqual(await bare('/bare/file', 'GET', range))
  })

  test.each(['c-text', 'c-html'])('answers with `%s` of Hono as without the middleware', async (what) => {
    expect((await asked(`/hono/${what}`, 1)).answer).toEqual(await bare(`/bare-hono/${what}`))
  })

  test('records that the client of a stream has gone', async () => {
    await hangUpAfter(served.at('/edge/endless'), 20)
    const cancelled = () => served.collector.acknowledged().find(({ attributes }) => attributes['flushed.response_stream'])
    await expect.poll(cancelled, { timeout: 10_000 }).toMatchObject({ attributes: { 'url.path': '/edge/endless', 'flushed.response_stream': 'cancelled' } })
  })
})
