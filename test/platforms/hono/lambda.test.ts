/** Hono's adapters for AWS Lambda on the real runtime clients: what the collector has when the process is stopped. */
import type { CollectedSpan } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { warnings } from '../../support/extension.ts'
import { type LambdaSetup, rootOf, runtimes } from '../../support/lambda.ts'
import { httpApi, restApi } from '../../support/requests.ts'

const clients = runtimes.map(({ title, startFunction }) => ({
  title,
  start: (handler: string, setup?: LambdaSetup) => startFunction(`../../platforms/hono/functions/lambda.${handler}`, setup),
}))

function textOf(payload: unknown): string {
  const { body, isBase64Encoded } = payload as { body: string; isBase64Encoded: boolean }
  return isBase64Encoded ? Buffer.from(body, 'base64').toString() : body
}

const bodyOf = (payload: unknown) => JSON.parse(textOf(payload)) as { id: string; active?: string }

describe.each(clients)('on $title', ({ start }) => {
  describe('`withTelemetry(handle(app))` around an application with the middleware', () => {
    test('delivers ten requests by the freeze, each as a child of a root span that is named after Hono’s route', async () => {
      await using lambda = await start('wrapped')
      for (let id = 0; id < 10; id++) {
        const { result, freeze } = await lambda.invoke(httpApi(`/v1/orders/${id + 1}`))
        expect(freeze.requests).toBe(1)
        expect(freeze.spans.map(({ name }) => name)).toEqual(['find order', 'GET /v1/orders/:id', 'GET /v1/orders/:id'])
        const [find, child, root] = freeze.spans as [CollectedSpan, CollectedSpan, CollectedSpan]
        expect(root.attributes).toMatchObject({ 'http.route': '/v1/orders/:id', 'faas.invocation_id': result.requestId })
        expect(child).toMatchObject({ kind: 'internal', parentSpanId: root.spanId, attributes: { 'http.response.status_code': 200 } })
        expect(find.parentSpanId).toBe(child.spanId)
        expect(bodyOf(result.payload)).toEqual({ id: `${id + 1}`, active: child.spanId })
      }
      expect(warnings(lambda)).toEqual([])
    })

    test('names the root span after Hono’s route for a REST API, which itself has one route for all paths', async () => {
      await using lambda = await start('wrapped')
      const { freeze } = await lambda.invoke(restApi('/v1/orders/7'))
      expect(rootOf(freeze.spans)).toMatchObject({ name: 'GET /v1/orders/:id', attributes: { 'http.route': '/v1/orders/:id' } })
    })

    test('records an error that became a response on the child span; the root span is an error by its status', async () => {
      await using lambda = await start('wrapped')
      const { result, freeze } = await lambda.invoke(httpApi('/fails'))
      expect(result.payload).toMatchObject({ statusCode: 500 })
      const [child, root] = freeze.spans
      expect(child).toMatchObject({ status: { code: 'error', message: 'out of stock' }, events: [{ name: 'exception' }] })
      expect(root).toMatchObject({ name: 'GET /fails', status: { code: 'error' }, attributes: { 'http.response.status_code': 500 } })
    })

    test('answers first and flushes then, if it is registered as an extension', async () => {
      await using lambda = await start('wrapped', { behavior: { delayMs: 300 }, env: { NODE_OPTIONS: '--import flushed/lambda/register' } })
      for (let id = 1; id < 4; id++) {
        const { freeze } = await lambda.invoke(httpApi(`/v1/orders/${id}`))
        expect(freeze.spans).toHaveLength(3)
      }
      const answers = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
      for (const [index, { at }] of answers.entries()) expect(lambda.collector.requests[index]?.receivedAt).toBeGreaterThan(at)
      expect(warnings(lambda)).toEqual([])
    })

    test('streams as `withTelemetry(streamHandle(app))`, and delivers by the freeze', async () => {
      await using lambda = await start('streamedWrapped')
      const { result, freeze } = await lambda.invoke(httpApi('/stream'))
      expect(result).toMatchObject({ ok: true, payload: 'chunk 0\nchunk 1\nchunk 2\n', prelude: { statusCode: 200 } })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['GET /stream', 'GET /stream'])
    })
  })

  describe('the middleware alone', () => {
    test('delivers ten requests as root spans before their responses; one log line says what would be better', async () => {
      await using lambda = await start('alone', { behavior: { delayMs: 50 } })
      for (let id = 1; id <= 10; id++) {
        const { result, freeze } = await lambda.invoke(httpApi(`/v1/orders/${id}`))
        expect(bodyOf(result.payload)).toMatchObject({ id: `${id}` })
        expect(freeze.spans.map(({ name }) => name)).toEqual(['find order', 'GET /v1/orders/:id'])
        expect(rootOf(freeze.spans)).toMatchObject({ kind: 'server', attributes: { 'faas.invocation_id': result.requestId } })
        expect(lambda.collector.requests.at(-1)?.answeredAt).toBeLessThan(lastAnswer(lambda))
      }
      expect(warnings(lambda)).toEqual([expect.stringContaining("`withTelemetry(handle(app))` of 'flushed/lambda'")])
    })

    test('logs nothing if `flush` is "before-response"', async () => {
      await using lambda = await start('meant')
      const { freeze } = await lambda.invoke(httpApi('/v1/orders/1'))
      expect(freeze.spans).toHaveLength(2)
      expect(warnings(lambda)).toEqual([])
    })

    test.each(['/stream', '/sse'])('buffers a streamed body completely, and delivers its root span by the freeze: %s', async (path) => {
      await using lambda = await start('alone')
      const { result, freeze } = await lambda.invoke(httpApi(path))
      expect(textOf(result.payload).match(/chunk|tick/g)).toHaveLength(3)
      const [root] = freeze.spans
      expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(18)
    })

    test('ends the stream of `streamHandle` when the root span has been delivered', async () => {
      await using lambda = await start('streamed', { behavior: { delayMs: 100 } })
      const { result, freeze } = await lambda.invoke(httpApi('/stream'))
      expect(result).toMatchObject({ ok: true, payload: 'chunk 0\nchunk 1\nchunk 2\n' })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['GET /stream'])
    })

    test('answers after `timeoutMs` if the collector hangs', async () => {
      await using lambda = await start('alone', { behavior: 'hang', env: { TIMEOUT_MS: '200' } })
      const { result } = await lambda.invoke(httpApi('/'))
      expect(result).toMatchObject({ ok: true, payload: { statusCode: 200, body: 'hello' } })
      expect(result.responseMs).toBeGreaterThan(190)
    })
  })
})

function lastAnswer({ sandbox }: Awaited<ReturnType<(typeof clients)[number]['start']>>): number {
  return sandbox.record.findLast(({ kind }) => kind === 'runtime.response')?.at ?? 0
}
