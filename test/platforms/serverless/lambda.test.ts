/** Node servers on AWS Lambda with `serverless-http`, on the real runtime clients: what the collector has at the freeze. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { warnings } from '../../support/extension.ts'
import { type LambdaSetup, rootOf, runtimes } from '../../support/lambda.ts'
import { httpApi, restApi } from '../../support/requests.ts'

const clients = runtimes.map(({ title, startFunction }) => ({
  title,
  start: (handler: string, setup?: LambdaSetup) => startFunction(`../../platforms/serverless/functions/servers.${handler}`, setup),
}))

const answerOf = (payload: unknown) => {
  const { statusCode, body } = payload as { statusCode: number; body: string }
  return [statusCode, body]
}

describe.each(clients)('on $title', ({ start }) => {
  test.each([
    ['`flushed/express`', 'wrapped', 'GET /v1/orders/:id', '/v1/orders/:id'],
    ['`flushed/fastify`', 'fastified', 'GET /v1/orders/:id', '/v1/orders/:id'],
    ['`flushed/node`, without routes,', 'node', 'flushed-test', undefined],
  ])('%s in `withTelemetry(serverless(app))` is a child in each of ten requests, delivered by the freeze', async (_what, handler, name, route) => {
    await using lambda = await start(handler)
    for (let id = 1; id <= 10; id++) {
      const { result, freeze } = await lambda.invoke(httpApi(`/v1/orders/${id}`))
      expect(answerOf(result.payload)).toEqual([200, JSON.stringify({ id: `${id}` })])
      expect(freeze.requests).toBe(1)
      expect(freeze.spans).toHaveLength(3)
      const [find, child, root] = freeze.spans as [CollectedSpan, CollectedSpan, CollectedSpan]
      expect(root).toMatchObject({ name, attributes: { 'faas.invocation_id': result.requestId, 'http.response.status_code': 200 } })
      expect(root.attributes['http.route']).toBe(route)
      expect(child).toMatchObject({ kind: 'internal', parentSpanId: root.spanId, attributes: { 'http.response.status_code': 200 } })
      expect(child.attributes['http.route']).toBe(route)
      expect(find.parentSpanId).toBe(child.spanId)
    }
    expect(warnings(lambda)).toEqual([])
  })

  test('the root span of a REST API with one route for all is named after Express’s route', async () => {
    await using lambda = await start('wrapped')
    const { freeze } = await lambda.invoke(restApi('/v1/orders/7'))
    expect(rootOf(freeze.spans)).toMatchObject({ name: 'GET /v1/orders/:id', attributes: { 'http.route': '/v1/orders/:id' } })
  })

  test('the root span is named after Express’s route if a base path is taken off', async () => {
    await using lambda = await start('based')
    const { freeze } = await lambda.invoke(httpApi('/shop/v1/orders/7'))
    expect(rootOf(freeze.spans)).toMatchObject({ name: 'GET /v1/orders/:id', attributes: { 'url.path': '/shop/v1/orders/7' } })
  })

  test('an error that Express’s error handler answers makes the child and the root span errors', async () => {
    await using lambda = await start('wrapped')
    const { result, freeze } = await lambda.invoke(httpApi('/v1/orders/0'))
    expect(answerOf(result.payload)).toEqual([503, 'no such order'])
    expect(freeze.spans.slice(-2)).toMatchObject([1, 2].map(() => ({ name: 'GET /v1/orders/:id', status: { code: 'error' } })))
  })

  test('a server that is registered as an extension answers first, and then flushes', async () => {
    await using lambda = await start('wrapped', { behavior: { delayMs: 300 }, env: { NODE_OPTIONS: '--import flushed/lambda/register' } })
    for (let id = 1; id < 4; id++) expect((await lambda.invoke(httpApi(`/v1/orders/${id}`))).freeze.spans).toHaveLength(3)
    const answers = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
    for (const [index, { at }] of answers.entries()) expect(lambda.collector.requests[index]?.receivedAt).toBeGreaterThan(at)
    expect(warnings(lambda)).toEqual([])
  })

  test('without a wrap, each request is flushed at once, and one line in the log says what to write', async () => {
    await using lambda = await start('alone')
    for (let id = 1; id <= 5; id++) await lambda.invoke(httpApi(`/v1/orders/${id}`))
    // What the freeze interrupts is sent when the sandbox runs again.
    await lambda.invoke(httpApi('/v1/orders/6'))
    await lambda.collector.waitFor(({ spans }) => spans.length >= 10)
    expect(lambda.collector.requests.length).toBeGreaterThanOrEqual(5)
    expect(warnings(lambda)).toEqual([expect.stringContaining("`withTelemetry(serverless(app))` of 'flushed/lambda'")])
  })
})
