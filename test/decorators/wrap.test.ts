/** Specifies the option `wrap` of `@Flushed()`, with platforms of the web and a fake one, on fake contexts. */
import { SpanKind } from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import { Flushed } from 'flushed/decorators'
import { withTelemetry as edge } from 'flushed/edge'
import { withTelemetry as lambda } from 'flushed/lambda'
import { withTelemetry as workers } from 'flushed/workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { names, newIsolate, pipeline } from '../support/sdk.ts'
import { keeping, onLambda } from './support.ts'

beforeEach(newIsolate)

describe('`wrap`', () => {
  test('left out: the last argument with a `waitUntil` is the context, as that of a Next.js request only throws', async () => {
    const { exporter, telemetry } = pipeline()
    const event = keeping()
    class Gate {
      @Flushed({ telemetry }) async proxy(_request: unknown, given: typeof event) {
        given.waitUntil(Promise.resolve())
      }
    }
    const complaining = () => {
      throw new Error('the middleware receives (request, event)')
    }
    await new Gate().proxy({ waitUntil: complaining }, event)
    expect(event.work.length).toBeGreaterThan(1)
    await Promise.all(event.work)
    expect(names(exporter.spans)).toEqual(['Gate.proxy'])
  })

  test('of `flushed/workers` takes bindings and context from the instance', async () => {
    const { exporter, telemetry } = pipeline()
    const ctx = keeping()
    class Shop {
      ctx = ctx
      env = { NAME: 'shop' }
      @Flushed({ wrap: workers, telemetry }) async fetch(request: Request) {
        return new Response(`${this.env.NAME} ${new URL(request.url).pathname}`)
      }
    }
    const response = await new Shop().fetch(new Request('https://shop.example/mugs'))
    expect(await response.text()).toBe('shop /mugs')
    await Promise.all(ctx.work)
    expect(exporter.spans).toMatchObject([{ name: 'GET', attributes: { 'url.path': '/mugs', 'http.response.status_code': 200 } }])
  })

  test.each([
    ['queue', { queue: 'orders', messages: [{ id: '1', body: {} }] }, { name: 'process orders', kind: SpanKind.CONSUMER }],
    ['scheduled', { cron: '* * * * *' }, { name: 'scheduled', attributes: { 'faas.trigger': 'timer' } }],
    ['alarm', undefined, { name: 'Shop.alarm', attributes: { 'faas.trigger': 'other' } }],
    ['reserve', 3, { name: 'Shop.reserve', attributes: { 'faas.trigger': 'other' } }],
  ] as const)('of `flushed/workers` describes a method that does not handle requests: `%s`', async (method, given, expected) => {
    const { exporter, telemetry } = pipeline()
    class Shop {
      ctx = keeping()
      @Flushed({ wrap: workers, telemetry }) async queue(batch: unknown) {
        return batch
      }
      @Flushed({ wrap: workers, telemetry }) async scheduled(controller: unknown) {
        return controller
      }
      @Flushed({ wrap: workers, telemetry }) async alarm(info?: unknown) {
        return info
      }
      @Flushed({ wrap: workers, telemetry }) async reserve(quantity: unknown) {
        return quantity
      }
    }
    const shop = new Shop()
    expect(await shop[method](given)).toBe(given)
    await Promise.all(shop.ctx.work)
    expect(exporter.spans).toMatchObject([expected])
  })

  test('of `flushed/edge` finds the `waitUntil` of a context argument, as for any handler', async () => {
    const { exporter, telemetry } = pipeline()
    const ctx = keeping()
    class Shop {
      @Flushed({ wrap: edge, telemetry, route: '/mugs' }) async get(_request: Request, _context: unknown) {
        return new Response('mugs')
      }
    }
    await (await new Shop().get(new Request('https://shop.example/mugs'), ctx)).text()
    await Promise.all(ctx.work)
    expect(names(exporter.spans)).toEqual(['GET /mugs'])
  })

  describe('of any platform (a fake)', () => {
    const calls: unknown[][] = []
    const options: Record<string, unknown>[] = []
    const wrap = <H extends (...args: never[]) => unknown>(handler: H, given: { level?: number; onFlush?: () => void; telemetry?: unknown } = {}): H => {
      options.push(given)
      return function (this: unknown, ...args: never[]) {
        calls.push(args)
        return Reflect.apply(handler, this, args)
      } as H
    }
    beforeEach(() => void (calls.length = options.length = 0))
    class Orders {
      ctx = keeping()
      env = { TEAM: 'orders' }
      @Flushed({ wrap, level: 2, onFlush() {} }) async create(...args: unknown[]) {
        return [this instanceof Orders, ...args]
      }
    }

    test('is called with the method’s own arguments if the context is among them', async () => {
      const context = onLambda()
      expect(await new Orders().create('event', context, 'more')).toEqual([true, 'event', context, 'more'])
      expect(calls).toEqual([['event', context, 'more']])
    })

    test('is otherwise called as a handler is, with event, `env` and `ctx`', async () => {
      const orders = new Orders()
      expect(await orders.create('event', 'ada')).toEqual([true, 'event', 'ada'])
      expect(calls[0]?.slice(0, 3)).toEqual(['event', orders.env, orders.ctx])
    })

    test('checks its options when decorating, with a telemetry that flushes nothing', () => {
      const onFlush = () => {}
      for (const level of [3, 4]) Flushed({ wrap, level, onFlush })
      expect(options).toEqual([3, 4].map((level) => ({ level, onFlush: undefined, telemetry: { stages: [] }, logger: false })))
      // All share one telemetry, so a platform that remembers telemetries by identity remembers only one.
      expect(options[1]?.telemetry).toBe(options[0]?.telemetry)
    })
  })

  test('makes the method a child span named `Class.method` inside another invocation', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ wrap: lambda, telemetry }) async create() {}
    }
    await withTelemetry(() => new Orders().create(), { telemetry, name: 'root' })()
    expect(names(exporter.spans)).toEqual(['Orders.create', 'root'])
  })
})
