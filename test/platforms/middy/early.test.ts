/** Requests whose last hooks middy does not call, on real middy: their invocations still end. */
import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import { SpanStatusCode } from '@opentelemetry/api'
import { isolate } from '../../../src/core/isolate.ts'
import { telemetry } from 'flushed/middy'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../../support/sdk.ts'
import { lambdaContext, setup, tree, turn } from './support.ts'

beforeEach(newIsolate)

const event = { version: '2.0', routeKey: 'GET /', requestContext: { http: { method: 'GET', path: '/' }, apiId: 'a', stage: '$default' } }
const STATUS = 'http.response.status_code'
const boom = () => Promise.reject(new RangeError('out of stock'))

/** Expects one export and one report of a request that is over, and returns its first span. */
async function theRoot({ exporter, reports }: ReturnType<typeof setup>) {
  // After a while without requests, a flush begins some turns later: see thaw.ts of flushed/lambda.
  for (let n = 0; n < 4; n++) await turn()
  expect(exporter.exports).toHaveLength(1)
  expect(reports).toHaveLength(1)
  expect(isolate.live).toEqual([])
  return exporter.spans[0]
}

describe('a middleware that answers early', () => {
  const answer = { statusCode: 403 }

  test.each([
    ['before the handler', { before: () => answer }],
    ['before the handler, by a promise', { before: async () => (await turn(), answer) }],
    ['before the handler, by a property', { before: (request: middy.Request) => void (request.earlyResponse = answer) }],
    ['after the handler', { after: () => answer }],
  ])('ends the invocation with its answer, and the invocation is flushed: %s', async (_when, theirs) => {
    const made = setup()
    const handler = middy(async () => ({ statusCode: 200 })).use(made.middleware).use(theirs)
    expect(await handler(event, lambdaContext('1'))).toBe(answer)
    const root = await theRoot(made)
    expect(root?.attributes[STATUS]).toBe(403)
  })

  test('on an error ends the invocation with its answer, and the error is on the root span', async () => {
    const made = setup()
    const handler = middy(boom).use(made.middleware).use({ onError: () => answer })
    expect(await handler(event, lambdaContext('1'))).toBe(answer)
    const root = await theRoot(made)
    expect(root?.attributes[STATUS]).toBe(403)
    expect(root?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['out of stock'])
  })

  test('inside two telemetry middlewares ends the inner invocation before the outer one', async () => {
    const made = setup()
    const inner = telemetry({ ...made.options, name: 'inner' })
    const handler = middy(async () => 'never').use(made.middleware).use(inner).use({ before: () => answer })
    expect(await handler(event, lambdaContext('1'))).toBe(answer)
    await theRoot(made)
    expect(tree(made.exporter.spans)).toEqual(['GET / > inner', '- > GET /'])
    expect(made.exporter.spans[0]?.attributes['flushed.unfinished']).toBeUndefined()
  })

  test('and then throws has not answered: its error is the result', async () => {
    const made = setup()
    const theirs = {
      before(request: middy.Request) {
        request.earlyResponse = answer
        return boom()
      },
    }
    const handler = middy(async () => 'never').use(made.middleware).use(theirs)
    await expect(handler(event, lambdaContext('1'))).rejects.toThrow('out of stock')
    expect((await theRoot(made))?.status.message).toBe('out of stock')
  })

  test('with `undefined` ends the invocation too', async () => {
    const made = setup()
    const theirs = { before: (request: middy.Request) => void (request.earlyResponse = undefined) }
    const handler = middy(async () => 'never').use(made.middleware).use(theirs)
    expect(await handler(event, lambdaContext('1'))).toBe(undefined)
    await theRoot(made)
  })

  test('with `undefined` on an error leaves the error to the caller and on the root span', async () => {
    const made = setup()
    const theirs = { onError: (request: middy.Request) => void (request.earlyResponse = undefined) }
    const handler = middy(boom).use(made.middleware).use(theirs)
    await expect(handler(event, lambdaContext('1'))).rejects.toThrow('out of stock')
    expect((await theRoot(made))?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'out of stock' })
  })

  test('does not wait for a collector that hangs, and its span is sent again with the next flush', async () => {
    const { exporter, reports, middleware } = setup('hold')
    const handler = middy(async () => 'late').use(middleware)
    const early = { before: ({ event }: middy.Request) => (event === 'early' ? 'early' : undefined) }
    handler.use(early)
    expect(await handler('early', lambdaContext('1'))).toBe('early')
    exporter.fail(new Error('503'))
    exporter.setMode('microtask')
    await turn()
    expect(await handler('late', lambdaContext('2'))).toBe('late')
    expect(reports.map(({ outcome, spans }) => [outcome, spans.acknowledged])).toEqual([['failed', 0], ['delivered', 2]])
  })
})

describe('an error', () => {
  test('is on the root span, and reaches the caller', async () => {
    const made = setup()
    await expect(middy(boom).use(made.middleware)(event, lambdaContext('1'))).rejects.toThrow('out of stock')
    const root = await theRoot(made)
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'out of stock' })
    expect(root?.attributes['error.type']).toBe('RangeError')
  })

  test('of another middleware is on the root span too, and reaches the caller', async () => {
    const made = setup()
    const handler = middy(async () => {}).use(made.middleware).use({ before: boom })
    await expect(handler(event, lambdaContext('1'))).rejects.toThrow('out of stock')
    expect((await theRoot(made))?.status.message).toBe('out of stock')
  })

  test('that an error handler turned into a response is on the root span, together with the response', async () => {
    const made = setup()
    const handler = middy(boom).use(made.middleware).use(httpErrorHandler({ logger: false }))
    expect(await handler(event, lambdaContext('1'))).toMatchObject({ statusCode: 500 })
    const root = await theRoot(made)
    expect(root?.attributes[STATUS]).toBe(500)
    expect(root?.status.code).toBe(SpanStatusCode.ERROR)
    expect(root?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['out of stock'])
  })

  test.each([
    ['to `undefined` before it answered', (request: middy.Request) => Object.assign(request, { error: undefined, response: { statusCode: 404 } })],
    ['to `null` after it answered', (request: middy.Request) => Object.assign(request, { response: { statusCode: 404 }, error: null })],
  ])('that an error handler cleared %s is on the root span with the response, which waits for the flush', async (_how, clear) => {
    const made = setup()
    const handler = middy(boom).use(made.middleware).use({ onError: (request) => void clear(request) })
    expect(await handler(event, lambdaContext('1'))).toEqual({ statusCode: 404 })
    expect(made.reports).toHaveLength(1)
    const [root] = made.exporter.spans
    expect(root?.attributes).toMatchObject({ [STATUS]: 404 })
    expect(root?.attributes).not.toHaveProperty(['error.type'])
    expect(root?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['out of stock'])
  })

  test('that two error handlers cleared is recorded once', async () => {
    const made = setup()
    const clear = { onError: (request: object) => void Object.assign(request, { error: undefined, response: { statusCode: 200 } }) }
    expect(await middy(boom).use(made.middleware).use(clear).use(clear)(event, lambdaContext('1'))).toEqual({ statusCode: 200 })
    const [root] = made.exporter.spans
    expect(root?.attributes).not.toHaveProperty(['error.type'])
    expect(root?.events).toHaveLength(1)
  })

  test('that is the caller’s fault is on the root span, and does not make the span an error', async () => {
    const made = setup()
    const unprocessable = () => Promise.reject(Object.assign(new Error('no such tenant'), { statusCode: 422 }))
    const handler = middy(unprocessable).use(made.middleware).use(httpErrorHandler({ logger: false }))
    expect(await handler(event, lambdaContext('1'))).toMatchObject({ statusCode: 422, body: 'no such tenant' })
    const root = await theRoot(made)
    expect(root?.attributes[STATUS]).toBe(422)
    expect(root?.status.code).toBe(SpanStatusCode.UNSET)
    expect(root?.events).toHaveLength(1)
  })
})

describe('an error hook that throws', () => {
  test.each([
    ['the error again', ({ error }: middy.Request) => Promise.reject(error), ['out of stock']],
    ['another one', () => Promise.reject(new Error('logger down')), ['out of stock', 'logger down']],
    ['a primitive', () => Promise.reject('logger down'), ['out of stock', '"logger down"']],
  ])('ends the invocation, with every error on the root span: %s', async (_what, onError, messages) => {
    const made = setup()
    const handler = middy(boom).use(made.middleware).use({ onError })
    await expect(handler(event, lambdaContext('1'))).rejects.toBeDefined()
    const root = await theRoot(made)
    expect(root?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(messages)
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: messages.at(-1) })
  })
})

test('other middlewares can read and replace the response, and the request keeps its keys', async () => {
  const { exporter, middleware } = setup()
  const seen: unknown[] = []
  const theirs: middy.MiddlewareObj = {
    after(request) {
      seen.push(request.response, { ...request }.response, Object.keys(request))
      request.response = { ...request.response, body: 'theirs' }
    },
  }
  const handler = middy(async () => ({ statusCode: 200 })).use(middleware).use(middleware).use(theirs)
  expect(await handler(event, lambdaContext('1'))).toEqual({ statusCode: 200, body: 'theirs' })
  expect(seen).toEqual([{ statusCode: 200 }, { statusCode: 200 }, ['event', 'context', 'response', 'error', 'internal']])
  expect(tree(exporter.spans)).toEqual(['- > GET /'])
})
