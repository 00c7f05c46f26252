/** What a server on Bun and on Deno answers, and what it delivers: `flushed/edge`, and Hono with `flushed/hono`. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Runtime, type Served, runtimes, serve } from '../../support/bun-deno.ts'
import { type RawAnswer, ask, hangUpAfter } from '../../support/raw.ts'

const installed = await runtimes()
const RUNTIMES: Runtime[] = ['Bun', 'Deno']

/** As it is read off what the runtime has: what JavaScript does not stream. */
const WHOLE = ['text', 'html', 'json', 'image', 'blob', 'form', 'empty', 'null', 'nothing', 'file', 'backend']

/** Bun gives a length to what is there at once. */
const STREAMED = ['filled', 'generated']

/** In Bun, headers that somebody has looked at are sent with other letters: to HTTP that is the same. */
const named = (answer: RawAnswer): RawAnswer => ({
  ...answer,
  headers: answer.headers.map((text, index) => (index % 2 ? text : text.toLowerCase())),
})

describe.each(RUNTIMES)('%s', (runtime) => {
  const executable = installed[runtime]
  if (executable === undefined) return test.skip(`has no executable for ${process.platform} on ${process.arch}, so nothing is seen of it`)

  let served: Served
  beforeAll(async () => void (served = await serve(runtime, executable)))
  afterAll(() => served[Symbol.asyncDispose]())

  /** An answer, and the spans of it once there are so many. */
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
    test.each(WHOLE)('leaves %s with the bytes and headers that it has without, and delivers its spans', async (what) => {
      const { answer, spans } = await asked(`/${wrapped}/${what}`, 2)
      expect(answer).toEqual(await bare(`/${without}/${what}`))
      expect(answer.error).toBeUndefined()
      expect(spans.map(({ name }) => name)).toEqual(['child', expect.stringMatching(/^GET/)])
      expect(spans[1]?.attributes).toMatchObject({ 'http.response.status_code': answer.status })
    })

    test.each(['bytes', 'events'])('leaves %s with what they have without, where they can be told from a stream', async (what) => {
      const { answer } = await asked(`/${wrapped}/${what}`, 2)
      const expected = await bare(`/${without}/${what}`)
      expect(answer.body).toBe(expected.body)
      if (runtime === 'Bun') expect(answer).toEqual(expected)
    })

    test('leaves what HEAD is answered', async () => {
      expect((await asked(`/${wrapped}/text`, 2, 'HEAD')).answer).toEqual(await bare(`/${without}/text`, 'HEAD'))
    })

    test('passes on a stream as it comes; its root ends when that does, and what it records is below', async () => {
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

  test('delivers what a stream records that says it is text, wherever its root ends', async () => {
    // Of any trace: Deno may read on outside of the context that the stream was made in.
    const chunks = () => served.collector.spans.map(({ name }) => name).filter((name) => name.startsWith('chunk'))
    // Sends what the tests before have left.
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

  test.each(runtime === 'Bun' ? [...STREAMED, 'direct'] : STREAMED)('passes on as a stream what is %s, whether or not it would have had a length', async (what) => {
    const { answer, spans } = await asked(`/edge/${what}`, 2)
    expect(answer.body).toBe((await bare(`/bare/${what}`)).body)
    expect(answer.headers).toContain('chunked')
    expect(spans.map(({ name }) => name)).toEqual(['child', 'GET'])
  })

  test('has the file that is answered in part, where it does that by itself', async () => {
    const range = { range: 'bytes=0-9' }
    expect((await asked('/edge/file', 2, 'GET', range)).answer).toEqual(await bare('/bare/file', 'GET', range))
  })

  test.each(['c-text', 'c-html'])('of Hono, leaves what `%s` makes', async (what) => {
    expect((await asked(`/hono/${what}`, 1)).answer).toEqual(await bare(`/bare-hono/${what}`))
  })

  test('tells a stream whose client has gone', async () => {
    await hangUpAfter(served.at('/edge/endless'), 20)
    const cancelled = () => served.collector.acknowledged().find(({ attributes }) => attributes['flushed.response_stream'])
    await expect.poll(cancelled, { timeout: 10_000 }).toMatchObject({ attributes: { 'url.path': '/edge/endless', 'flushed.response_stream': 'cancelled' } })
  })
})
