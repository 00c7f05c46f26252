/** `middy().use(telemetry())`, on real middy: one invocation, opened and settled by hooks. */
import middy from '@middy/core'
import { context, trace } from '@opentelemetry/api'
import type { Context } from 'aws-lambda'
import { adopt, currentInvocation, span, waitUntil } from 'flushed'
import { telemetry } from 'flushed/middy'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../../support/sdk.ts'
import { lambdaContext, setup, tracing, tree, turn } from './support.ts'

beforeEach(newIsolate)

describe('an invocation', () => {
  test('has a root span, with the spans of the handler and of the other middlewares below it', async () => {
    const { exporter, tracer, middleware } = setup()
    const handler = middy()
      .use(middleware)
      .use(tracing())
      .handler(async () => {
        await turn()
        await tracer.startActiveSpan('charge', async (charge) => {
          await turn()
          tracer.startSpan('bank').end()
          charge.end()
        })
        return 'done'
      })
    expect(await handler({}, lambdaContext('1'))).toBe('done')
    expect(exporter.exports).toHaveLength(1)
    expect(tree(exporter.spans)).toEqual([
      'orders > their before',
      'charge > bank',
      'orders > charge',
      'orders > their after',
      '- > orders',
    ])
  })

  test('is described as on Lambda, by event and context', async () => {
    const { exporter, options } = setup()
    const attributes = (event: { tenant: string }) => ({ tenant: event.tenant })
    const handler = middy(async () => {}).use(telemetry({ ...options, attributes }))
    await handler({ tenant: 'acme' }, lambdaContext('7'))
    expect(exporter.spans[0]?.attributes).toMatchObject({ 'faas.invocation_id': '7', 'faas.trigger': 'other', tenant: 'acme' })
  })

  test('continues the trace of the caller', async () => {
    const { exporter, middleware } = setup()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const requestContext = { http: { method: 'GET', path: '/orders' }, apiId: 'a', stage: '$default' }
    await middy(async () => ({ statusCode: 204 })).use(middleware)(
      { version: '2.0', routeKey: 'GET /orders', headers: { traceparent }, requestContext },
      lambdaContext('1'),
    )
    expect(exporter.spans[0]?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c')
    expect(exporter.spans[0]?.attributes['http.response.status_code']).toBe(204)
  })

  test('is the current invocation in the handler, and ends what was left open', async () => {
    const { exporter, reports, tracer, middleware } = setup()
    const adopted: string[] = []
    const handler = middy(async () => {
      await turn()
      expect(currentInvocation()?.root).toBe(trace.getActiveSpan())
      tracer.startSpan('left')
      span('forgotten')
      adopt('segment', (name) => adopted.push(name))
      waitUntil(turn().then(() => tracer.startSpan('background').end()))
    }).use(middleware)
    await handler({}, lambdaContext('1'))
    expect(tree(exporter.spans)).toEqual(['orders > background', 'orders > forgotten', 'orders > left', '- > orders'])
    expect(adopted).toEqual(['segment'])
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 4, endedByDispose: 3 } }])
  })

  test('is over when its flush is over: the response waits for the acknowledgement', async () => {
    const { exporter, middleware } = setup('hold')
    let answered = false
    const run = middy(async () => 'done').use(middleware)({}, lambdaContext('1')).then(() => (answered = true))
    await exporter.nextExport()
    await turn()
    expect(answered).toBe(false)
    exporter.acknowledge()
    await run
  })

  test('inside a wrap is a child span, and only the wrap flushes', async () => {
    const { exporter, reports, tracer, options, middleware } = setup()
    const { withTelemetry } = await import('flushed/lambda')
    const handler = middy(async () => (await turn(), tracer.startSpan('work').end())).use(middleware)
    await withTelemetry(handler, { ...options, name: 'outer' })({}, lambdaContext('1'))
    expect(tree(exporter.spans)).toEqual(['middy > work', 'outer > middy', '- > outer'])
    expect(reports).toHaveLength(1)
  })

  test('around a handler that is wrapped itself has that handler’s span as a child', async () => {
    const { exporter, reports, options, middleware } = setup()
    const { withTelemetry } = await import('flushed/lambda')
    const handler = middy(withTelemetry(async () => {}, { ...options, name: 'inner' })).use(middleware)
    await handler({}, lambdaContext('1'))
    expect(tree(exporter.spans)).toEqual(['orders > inner', '- > orders'])
    expect(reports).toHaveLength(1)
  })

  test.each([
    ['its context', (within: Context) => within],
    ['a copy of it', (within: Context) => ({ ...within })],
  ])('of a middy that another middy calls with %s, as routers do, is a child span', async (_what, passed) => {
    const { exporter, reports, middleware } = setup()
    const route = middy(async () => 'routed').use(middleware)
    const router = middy(async (event: object, within: Context) => (await turn(), route(event, passed(within)))).use(middleware)
    expect(await router({}, lambdaContext('1'))).toBe('routed')
    expect(tree(exporter.spans)).toEqual(['orders > middy', '- > orders'])
    expect(reports).toHaveLength(1)
  })
})

describe('the middleware', () => {
  test('checks its options when it is created', () => {
    // @ts-expect-error -- a typo
    expect(() => telemetry({ timoutMs: 1 })).toThrow(/unknown option `timoutMs`/)
    expect(() => telemetry({ marginMs: -1 })).toThrow(/`marginMs` must be a number of milliseconds, got -1/)
  })

  test('has the shape of other middlewares: a name and three hooks', () => {
    const { name, ...hooks } = telemetry()
    expect(name).toBe('flushed')
    expect(Object.keys(hooks)).toEqual(['before', 'after', 'onError'])
  })

  test('changes neither response nor error if all its telemetry throws', async () => {
    const broken = () => {
      throw new Error('broken')
    }
    const { warnings, options } = setup()
    const middleware = telemetry({ ...options, onFlush: broken, attributes: broken, telemetry: broken })
    expect(await middy(async () => 'done').use(middleware)({}, lambdaContext('1'))).toBe('done')
    const boom = new Error('boom')
    const failing = middy(() => Promise.reject(boom)).use(middleware)
    await expect(failing({}, lambdaContext('2'))).rejects.toBe(boom)
    expect(boom.cause).toBeUndefined()
    expect(warnings.join()).toContain('broken')
  })

  test('does not change the response if the invocation cannot even be opened', async () => {
    const { warnings, options } = setup()
    const telemetryOf = {
      ...options.telemetry,
      tracer: () => {
        throw new Error('no tracer')
      },
    }
    const handler = middy(async () => 'done').use(telemetry({ ...options, telemetry: telemetryOf }))
    expect(await handler({}, lambdaContext('1'))).toBe('done')
    expect(warnings.join()).toContain('no tracer')
  })

  test('does not change the response if the context cannot be read', async () => {
    const { warnings, middleware } = setup()
    const hostile = {
      get awsRequestId(): string {
        throw new Error('hostile')
      },
    } as Context
    expect(await middy(async () => 'done').use(middleware)({}, hostile)).toBe('done')
    expect(warnings).toEqual(['flushed: opening the invocation failed: hostile'])
  })

  test('passes on `undefined`, `null` and thrown primitives', async () => {
    const { middleware } = setup()
    const echo = middy(async (event: unknown) => event).use(middleware)
    expect(await echo(null, lambdaContext('1'))).toBe(null)
    expect(await middy(async () => {}).use(middleware)({}, lambdaContext('2'))).toBe(undefined)
    await expect(middy(() => Promise.reject(0)).use(middleware)({}, lambdaContext('3'))).rejects.toBe(0)
  })
})

test('the context of an invocation is left at its end', async () => {
  const { exporter, tracer, middleware } = setup()
  const handler = middy(async () => {}).use(middleware)
  await handler({}, lambdaContext('1'))
  expect(trace.getSpan(context.active())).toBeUndefined()
  expect(currentInvocation()).toBeUndefined()
  await handler({}, lambdaContext('2'))
  tracer.startSpan('afterwards').end()
  expect(exporter.exports.map(({ spans }) => tree(spans))).toEqual([['- > orders'], ['- > orders']])
  const [first, second] = exporter.spans
  expect(first?.spanContext().traceId).not.toBe(second?.spanContext().traceId)
})
