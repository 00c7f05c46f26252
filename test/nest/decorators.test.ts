/**
 * Specifies our decorators in every place among Nest's, in a real Nest application (guard, pipes, interceptor, filter, Swagger,
 * parameter decorators): neither its responses nor its Swagger document may change.
 */
import { startCollector } from 'flushed/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { type Mode, type Started, compileVariants, startVariants } from './application.ts'
import { answerAll, requests } from './requests.ts'

const { out, variants } = await compileVariants()
const names = variants.map(({ name }) => name)

async function start(mode: Mode) {
  const collector = await startCollector()
  const { application, started } = await startVariants(out, mode, names, collector.url)
  const close = async () => {
    await application[Symbol.asyncDispose]()
    await collector.close()
  }
  return { mode, collector, close, of: (name: string) => started.find(({ variant }) => variant === name) as Started }
}

const servers = await Promise.all([start('alone'), start('middleware')])
afterAll(() => Promise.all(servers.map(({ close }) => close())))

const plain = (servers[0] as (typeof servers)[0]).of('plain')
const expected = await answerAll(plain.port)

test('the application without our decorators answers as expected', () => {
  expect(Object.fromEntries(Object.entries(expected).map(([what, { status }]) => [what, status]))).toEqual({
    'a query that is transformed': 200,
    'a query that is not valid': 400,
    'no query': 200,
    'a guarded route, let in': 200,
    'a guarded route, without a role': 403,
    'a guarded route, with another role': 403,
    'a parameter that a pipe refuses': 400,
    'a guarded body, let in': 202,
    'a guarded body, without a role': 403,
    'a body that is not valid': 400,
    'a redirect': 301,
    'a redirect that the handler decides': 307,
    'a response of the handler’s own': 203,
    'an exception with a filter': 418,
    'an exception without a filter': 500,
    'a version that is an observable': 200,
    'another version': 200,
    'server-sent events': 200,
    'a route that there is not': 404,
  })
  expect(JSON.parse(expected['a guarded route, let in']?.body ?? '')).toEqual({
    data: { id: 21, price: 42, user: 'ada' },
    handler: 'get',
    of: 'OrdersController',
    roles: ['reader'],
  })
  expect(Object.keys(plain.swagger)).toContain('paths')
})

/** How many times the requests call each method. */
const CALLS = { list: 2, get: 1, create: 1, receipt: 2, raw: 1, tea: 1, cup: 1, status: 1, oldStatus: 1, events: 1 }
const spansOf = (each: number) => Object.entries(CALLS).flatMap(([name, times]) => Array(times * each).fill(`OrdersController.${name}`)).toSorted()

/** Whether our outermost decorator flushes. Others leave the flush to whatever is around the request. */
const flushes = (name: string) => /^(Flushed|around|composed|class)/.test(name)

describe.each(servers)('$mode', ({ mode, collector, of }) => {
  describe.each(variants)('with $title', ({ name }) => {
    const { port, swagger } = of(name)

    test('every response and the Swagger document are the same as without our decorators', async () => {
      const answers = await answerAll(port)
      for (const what of Object.keys(requests)) expect(answers[what], what).toEqual(expected[what])
      expect(swagger).toEqual(plain.swagger)
    })

    test.runIf(name !== 'plain' && (mode === 'middleware' || flushes(name)))('every span is delivered', async () => {
      const spans = () => collector.spans.filter(({ attributes }) => attributes['app.variant'] === name)
      const all = spansOf(/around|inside/.test(name) ? 2 : 1)
      await collector.waitFor(() => spans().length >= all.length)
      expect(spans().map((span) => span.name).toSorted()).toEqual(all)
      if (mode === 'middleware') expect(spans().filter(({ parentSpanId }) => !parentSpanId)).toEqual([])
    })
  })
})
