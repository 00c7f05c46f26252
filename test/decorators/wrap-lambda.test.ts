/** Specifies the option `wrap` of `@Flushed()` with that of `flushed/lambda`, on fake contexts. */
import { PassThrough } from 'node:stream'
import { SpanKind } from '@opentelemetry/api'
import { type FlushReport, span } from 'flushed'
import { Flushed } from 'flushed/decorators'
import { withTelemetry as lambda } from 'flushed/lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'
import { onLambda } from './support.ts'

beforeEach(newIsolate)

describe('`wrap`', () => {
  const event = { version: '2.0', routeKey: 'POST /orders', rawPath: '/orders', headers: {}, requestContext: { http: { method: 'POST', path: '/orders' }, stage: '$default' } }

  test('of `flushed/lambda` makes the method a Lambda handler, with its options, its `this` and its arguments', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      status = 201
      @Flushed({ wrap: lambda, telemetry, marginMs: 10 }) async create(given: unknown, context: unknown) {
        return { statusCode: this.status, same: given === event, id: (context as { awsRequestId: string }).awsRequestId }
      }
    }
    expect(await new Orders().create(event, onLambda())).toEqual({ statusCode: 201, same: true, id: 'r-1' })
    expect(exporter.spans).toMatchObject([
      { name: 'POST /orders', kind: SpanKind.SERVER, attributes: { 'faas.trigger': 'http', 'http.response.status_code': 201, 'faas.invocation_id': 'r-1' } },
    ])
  })

  test('of `flushed/lambda` keeps a streaming method open until its stream finishes, like a streaming handler', async () => {
    const { telemetry } = pipeline()
    const reports: FlushReport[] = []
    const options = { telemetry, onFlush: (report: FlushReport) => void reports.push(report) }
    const stream = async (_event: unknown, to: PassThrough, _context: unknown) => {
      const writing = span('writing')
      setTimeout(() => (writing.end(), to.end()), 5)
    }
    class Orders {
      @Flushed({ wrap: lambda, ...options }) async stream(given: unknown, to: PassThrough, context: unknown) {
        return stream(given, to, context)
      }
    }
    const orders = new Orders()
    for (const handler of [lambda(stream, options), orders.stream.bind(orders)]) await handler(event, new PassThrough().resume(), onLambda())
    expect(reports).toMatchObject(Array(2).fill({ phase: 'after-response', spans: { acknowledged: 2, endedByDispose: 0 } }))
  })

  test('takes a context that is not an argument from the `context` option; the arguments stay unchanged', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      context = onLambda()
      @Flushed({ wrap: lambda, telemetry, context(this: Orders) { return this.context }, attributes: (_e: unknown, user: string) => ({ 'app.user': user }) })
      async create(...args: unknown[]) {
        return args
      }
    }
    expect(await new Orders().create(event, 'ada')).toEqual([event, 'ada'])
    expect(exporter.spans[0]?.attributes).toMatchObject({ 'app.user': 'ada', 'faas.invocation_id': 'r-1' })
  })

  test.each([
    ['without a context', {}, ['a', 'b', 'c']],
    ['with the instance’s context', { ctx: onLambda() }, ['a', 'b', 'c']],
    ['with a context that has `succeed()`, as up to Node 22', { ctx: { ...onLambda(), succeed() {} } }, ['a', 'b']],
    ['with a context that is not the second argument', {}, ['tenant', event, onLambda()]],
  ])('of `flushed/lambda` passes a method that is not a handler its own arguments: %s', async (_what, own, given) => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ wrap: lambda, telemetry }) async create(a: unknown, b: unknown, c?: unknown) {
        return c === undefined ? [a, b] : [a, b, c]
      }
      @Flushed({ wrap: lambda, telemetry }) async three(a: unknown, b: unknown, c: unknown) {
        return [a, b, c]
      }
    }
    const orders = Object.assign(new Orders(), own)
    const [a, b, c] = given
    expect(await orders.create(a, b, c)).toEqual(given)
    expect(await orders.three(a, b, c)).toEqual([a, b, c])
    expect(exporter.spans.map(({ attributes }) => attributes['faas.invocation_id'])).toEqual(Array(2).fill('ctx' in own || c === given[2] && given[1] === event ? 'r-1' : undefined))
  })
})
