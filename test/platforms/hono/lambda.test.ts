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
  describe('`withTelemetry(handle(app))`, and the middleware in the application', () => {
    test('ten requests: the root is named after Hono’s route, the request is its child, and all of it delivered at the freeze', async () => {
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

    test('of a REST API, whose own route is one for all', async () => {
      await using lambda = await start('wrapped')
      const { freeze } = await lambda.invoke(restApi('/v1/orders/7'))
      expect(rootOf(freeze.spans)).toMatchObject({ name: 'GET /v1/orders/:id', attributes: { 'http.route': '/v1/orders/:id' } })
    })

    test('an error that became a response is on the child, and the root’s by its status', async () => {
      await using lambda = await start('wrapped')
      const { result, freeze } = await lambda.invoke(httpApi('/fails'))
      expect(result.payload).toMatchObject({ statusCode: 500 })
      const [child, root] = freeze.spans
      expect(child).toMatchObject({ status: { code: 'error', message: 'out of stock' }, events: [{ name: 'exception' }] })
      expect(root).toMatchObject({ name: 'GET /fails', status: { code: 'error' }, attributes: { 'http.response.status_code': 500 } })
    })

    test('registered as an extension: answered, and then flushed', async () => {
      await using lambda = await start('wrapped', { behavior: { delayMs: 300 }, env: { NODE_OPTIONS: '--import flushed/lambda/register' } })
      for (let id = 1; id < 4; id++) {
        const { freeze } = await lambda.invoke(httpApi(`/v1/orders/${id}`))
        expect(freeze.spans).toHaveLength(3)
      }
      const answers = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
      for (const [index, { at }] of answers.entries()) expect(lambda.collector.requests[index]?.receivedAt).toBeGreaterThan(at)
      expect(warnings(lambda)).toEqual([])
    })

    test('`withTelemetry(streamHandle(app))`: streamed, and delivered at the freeze', async () => {
      await using lambda = await start('streamedWrapped')
      const { result, freeze } = await lambda.invoke(httpApi('/stream'))
      expect(result).toMatchObject({ ok: true, payload: 'chunk 0\nchunk 1\nchunk 2\n', prelude: { statusCode: 200 } })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['GET /stream', 'GET /stream'])
    })
  })

  describe('the middleware alone', () => {
    test('ten requests: each is a root, delivered before the response; and one line says what would be better', async () => {
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

    test('who says that it is meant gets no such line', async () => {
      await using lambda = await start('meant')
      const { freeze } = await lambda.invoke(httpApi('/v1/orders/1'))
      expect(freeze.spans).toHaveLength(2)
      expect(warnings(lambda)).toEqual([])
    })

    test.each(['/stream', '/sse'])('a buffered response of a streamed body (%s): complete, and delivered at the freeze', async (path) => {
      await using lambda = await start('alone')
      const { result, freeze } = await lambda.invoke(httpApi(path))
      expect(textOf(result.payload).match(/chunk|tick/g)).toHaveLength(3)
      const [root] = freeze.spans
      expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(18)
    })

    test('`streamHandle`: its stream ends when its root has been delivered', async () => {
      await using lambda = await start('streamed', { behavior: { delayMs: 100 } })
      const { result, freeze } = await lambda.invoke(httpApi('/stream'))
      expect(result).toMatchObject({ ok: true, payload: 'chunk 0\nchunk 1\nchunk 2\n' })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['GET /stream'])
    })

    test('a collector that hangs costs `timeoutMs`, and no answer', async () => {
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
