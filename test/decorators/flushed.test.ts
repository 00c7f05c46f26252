/** Specifies `@Flushed()`, which makes a method a handler, on a fake exporter and fake contexts of the platforms. */
import { PassThrough } from 'node:stream'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type FlushReport, currentInvocation, span, withTelemetry, wrapInfo } from 'flushed'
import { Flushed, type FlushedOptions, Traced } from 'flushed/decorators'
import { withTelemetry as edge } from 'flushed/edge'
import { withTelemetry as lambda } from 'flushed/lambda'
import { withTelemetry as workers } from 'flushed/workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { shared } from '../../src/platforms/lambda/extension/state.ts'
import type { SpanOwner } from '../../src/core/types.ts'
import { answering, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const failure = new RangeError('no such order')
const names = (spans: readonly { name: string }[]) => spans.map(({ name }) => name)

/** A fake platform context that keeps the promises passed to its `waitUntil`. */
const keeping = (more: object = {}) => {
  const work: Promise<unknown>[] = []
  return { ...more, work, waitUntil: (promise: Promise<unknown>) => void work.push(promise) }
}
const onLambda = (leftMs = 10_000) => ({ awsRequestId: 'r-1', getRemainingTimeInMillis: () => leftMs })

describe('a `@Flushed()` method', () => {
  test('gets a root span named `Class.method`; spans it leaves open are ended and delivered with it', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      tax = 2
      @Flushed({ telemetry, attributes: (cents: number) => ({ 'order.cents': cents }) }) async price(cents: number) {
        span('left')
        await Promise.resolve()
        return cents * this.tax
      }
    }
    expect(await new Orders().price(21)).toBe(42)
    expect(names(exporter.spans)).toEqual(['left', 'Orders.price'])
    expect(exporter.spans[0]?.attributes).toEqual({ 'flushed.unfinished': true })
    expect(exporter.spans[1]).toMatchObject({ kind: SpanKind.INTERNAL, attributes: { 'order.cents': 21 } })
  })

  test('called on the global object, as in non-strict code, counts as detached and keeps its class’s name', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ telemetry }) static async create() {
        return this as unknown
      }
    }
    expect(await Reflect.apply(Orders.create, globalThis, [])).toBe(await Reflect.apply(Orders.create, undefined, []))
    expect(names(exporter.spans)).toEqual(['Orders.create', 'Orders.create'])
  })

  test('has spans named after the method alone where a static member hides the class’s name', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      static name() {
        return 'orders'
      }
      @Flushed({ telemetry }) async price() {
        return this.tax()
      }
      @Traced() tax() {
        return 2
      }
    }
    class Closed extends Orders {
      static override get name(): never {
        throw failure
      }
    }
    expect([await new Orders().price(), await new Closed().price()]).toEqual([2, 2])
    expect(names(exporter.spans)).toEqual(['tax', 'price', 'tax', 'price'])
  })

  test('rejects with the very error that it throws or rejects with, after the flush', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ telemetry }) async reject() {
        throw failure
      }
      @Flushed({ telemetry }) refuse(): Promise<void> {
        throw failure
      }
    }
    await expect(new Orders().reject()).rejects.toBe(failure)
    await expect(new Orders().refuse()).rejects.toBe(failure)
    expect(exporter.spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR])
  })

  test('settles only after the flush where no platform waits for it', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const events: string[] = []
    class Orders {
      @Flushed({ telemetry }) async create() {}
    }
    await answering(exporter, () => new Orders().create().then(() => events.push('settled')), () => {
      events.push('answered')
      exporter.acknowledge()
    })
    expect(events).toEqual(['answered', 'settled'])
  })

  test('may be static, and may be called detached from its class', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ telemetry }) static async all() {
        return this === Orders
      }
    }
    const { all } = Orders
    expect([await Orders.all(), await all()]).toEqual([true, false])
    expect(names(exporter.spans)).toEqual(['Orders.all', 'Orders.all'])
  })

  test('is a child span inside another invocation, and does not flush', async () => {
    const { exporter, telemetry } = pipeline()
    class Orders {
      @Flushed({ telemetry }) async create() {
        await this.check()
      }
      @Flushed({ telemetry }) async check() {}
    }
    await withTelemetry(() => new Orders().create(), { telemetry, name: 'root' })()
    expect(names(exporter.spans)).toEqual(['Orders.check', 'Orders.create', 'root'])
    expect(exporter.exports).toHaveLength(1)
  })

  test('keeps its name, length and own properties, and says what it wraps', () => {
    const mark = Symbol('mark')
    const marked = (target: unknown, _second: unknown, descriptor?: PropertyDescriptor) =>
      void Object.assign((descriptor?.value ?? target) as object, { [mark]: 'marked', route: '/orders' })
    class Orders {
      @Flushed() @(marked as MethodDecorator & typeof marked) async create(_event: unknown, _context: unknown) {}
    }
    const { create } = Orders.prototype
    expect([create.name, create.length]).toEqual(['create', 2])
    expect({ ...create }).toEqual({ [mark]: 'marked', route: '/orders' })
    expect(wrapInfo(create)).toMatchObject({ platform: 'decorators', decorator: 'Flushed', original: expect.any(Function) })
    expect(wrapInfo(create)?.original).not.toBe(create)
    expect(Object.keys(new Orders())).toEqual([])
  })

  test('that returns a plain value returns a promise of that value', async () => {
    const { telemetry } = pipeline()
    class Orders {
      count(): unknown {
        return 1
      }
    }
    const decorated = Flushed({ telemetry })(Orders.prototype, 'count', Object.getOwnPropertyDescriptor(Orders.prototype, 'count') as never)
    const result = (decorated as PropertyDescriptor).value.call(new Orders())
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toBe(1)
  })
})

describe('a context with `waitUntil`', () => {
  const reports: FlushReport[] = []
  beforeEach(() => void (reports.length = 0))
  const flushedWith = (more: FlushedOptions = {}) => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    class Room {
      constructor(readonly ctx?: unknown, readonly held?: unknown) {}
      @Flushed({ telemetry, onFlush: (report) => reports.push(report), ...more }) async join(...args: unknown[]) {
        return args.length
      }
    }
    return { Room, exporter }
  }

  test.each([
    ['among the arguments', () => { const ctx = keeping(); return { ctx, args: ['event', { env: 1 }, ctx], self: [] } }, {}],
    ['as `this.ctx`', () => { const ctx = keeping({ id: 'room-1' }); return { ctx, args: ['event'], self: [ctx] } }, {}],
    ['by the `context` option', () => { const ctx = keeping(); return { ctx, args: ['event'], self: [keeping(), ctx] } }, { context(this: { held: unknown }) { return this.held } }],
  ])('is found %s: it waits for the flush, the method does not', async (_where, make, options) => {
    const { Room, exporter } = flushedWith(options)
    const { ctx, args, self } = make()
    const room = new Room(...self)
    const exported = exporter.nextExport()
    expect(await room.join(...args)).toBe(args.length)
    await exported
    expect(ctx.work.length).toBeGreaterThan(0)
    expect(reports).toEqual([])
    exporter.acknowledge()
    await Promise.all(ctx.work)
    expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'after-response' }])
  })

  test('is not used if the option `flush` is `before-response`', async () => {
    const { Room, exporter } = flushedWith({ flush: 'before-response' })
    const ctx = keeping()
    await answering(exporter, () => new Room(ctx).join(), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response' }])
    expect(ctx.work).toEqual([])
  })

  test('that no longer accepts work when the method settles makes the method wait for the flush', async () => {
    const { Room, exporter } = flushedWith()
    let calls = 0
    const ctx = { waitUntil() { if (calls++) throw failure } }
    await answering(exporter, () => new Room(ctx).join(), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ outcome: 'delivered' }])
    expect(calls).toBe(2)
  })

  test('has work that the method passes to it tracked: a span of that work is not cut short', async () => {
    const { exporter, telemetry } = pipeline()
    const ctx = keeping({ id: 'room-1' })
    class Room {
      ctx = ctx
      @Flushed({ telemetry }) async join() {
        this.ctx.waitUntil(this.greet())
      }
      async greet() {
        await Promise.resolve()
        using _greeting = span('greet')
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await new Room().join()
    await Promise.all(ctx.work)
    expect(names(exporter.spans)).toEqual(['Room.join', 'greet'])
    expect(exporter.spans[1]?.attributes).toEqual({})
  })

  test('of a Durable Object is shared: work of no known invocation is not attributed to a running one', async () => {
    const { Room, exporter } = flushedWith({ logger: false })
    const ctx = keeping({ id: 'room-1' })
    const exported = exporter.nextExport()
    const joining = new Room(ctx).join()
    const failing = Promise.reject(failure)
    ctx.waitUntil(failing)
    // As a platform does.
    failing.catch(() => {})
    await joining
    await exported
    exporter.acknowledge()
    await Promise.allSettled(ctx.work)
    expect(reports).toMatchObject([{ outcome: 'delivered', warnings: [] }])
  })

  test('may vanish without notice, so its invocation has an expiry time', async () => {
    const { telemetry } = pipeline()
    class Room {
      ctx = keeping()
      @Flushed({ telemetry }) async join() {
        return (currentInvocation() as SpanOwner).expiresAt
      }
    }
    expect(await new Room().join()).toBeLessThan(Infinity)
  })

  test('is not confused with a stub of a remote object, which seems to have every method', async () => {
    const { Room, exporter } = flushedWith()
    const stub = new Proxy({}, { get: () => () => { throw failure } })
    await answering(exporter, () => new Room().join(stub), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response' }])
    expect(exporter.spans[0]?.kind).toBe(SpanKind.INTERNAL)
  })

  test('is looked for safely: a getter or a `context` option that throws does no harm', async () => {
    const { Room, exporter } = flushedWith({ logger: false, context: () => { throw failure } })
    const hostile = Object.defineProperty({}, 'waitUntil', { get: () => { throw failure } })
    await answering(exporter, () => new Room(hostile).join(hostile, null), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response', outcome: 'delivered' }])
  })
})

describe('Lambda’s context', () => {
  const start = (leftMs: number, mode: 'microtask' | 'hold' = 'microtask', flush: FlushedOptions['flush'] = 'auto') => {
    const reports: FlushReport[] = []
    const { exporter, telemetry } = pipeline({}, mode)
    class Orders {
      @Flushed({ telemetry, flush, logger: false, onFlush: (report) => reports.push(report) }) async create(_event: unknown, _context: unknown) {
        return { statusCode: 201 }
      }
    }
    return { run: () => new Orders().create({}, onLambda(leftMs)), reports, exporter }
  }

  test('gives the root span its request id, and bounds the flush by the time left', async () => {
    const { run, reports, exporter } = start(80, 'hold')
    expect(await run()).toEqual({ statusCode: 201 })
    expect(reports).toMatchObject([{ outcome: 'timed_out', phase: 'before-response' }])
    expect(reports[0]?.durationMs).toBeLessThan(1000)
    exporter.acknowledge()
    expect(exporter.spans[0]).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'faas.invocation_id': 'r-1' } })
  })

  test.each([NaN, 0])('that reports %s as the time left does not bound the flush', async (left) => {
    const { run, reports, exporter } = start(left, 'hold')
    await answering(exporter, run, () => setTimeout(() => exporter.acknowledge(), 50))
    expect(reports).toMatchObject([{ outcome: 'delivered' }])
  })

  describe('with a registered extension', () => {
    const calls: unknown[] = []
    let finish: (() => unknown) | undefined
    let holds = true
    beforeEach(() => {
      calls.length = 0
      shared.extension = {
        events: 'invoke',
        begun: (id) => void calls.push(['begun', id]),
        holds: () => holds,
        done: (id, given) => void (calls.push(['done', id, typeof given]), (finish = given)),
      }
      return () => void delete shared.extension
    })

    test('decorating tells it of the method before the first call; another platform’s `wrap` does not', () => {
      delete shared.untraced
      class Shop {
        @Flushed({ wrap: workers }) async fetch() {
          return new Response()
        }
      }
      expect([Shop, shared.untraced]).toEqual([Shop, undefined])
      start(10_000)
      expect(shared.untraced).toBeTypeOf('function')
    })

    test('the response goes first, and the sandbox is held until the flush is done', async () => {
      const { run, reports } = start(10_000)
      await run()
      expect(calls).toEqual([['begun', 'r-1'], ['done', 'r-1', 'function']])
      expect(reports).toEqual([])
      await finish?.()
      expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'after-response' }])
    })

    test.each([
      ['the extension does not hold the sandbox for this invocation', false, 'auto'],
      ['the option `flush` is `before-response`', true, 'before-response'],
    ] as const)('it gets nothing to wait for if %s: the flush is before the response', async (_why, held, flush) => {
      holds = held
      const { run, reports } = start(10_000, 'microtask', flush)
      await run()
      expect(calls).toEqual([['begun', 'r-1'], ['done', 'r-1', 'undefined']])
      expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'before-response' }])
    })
  })
})

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

describe('options of `@Flushed()`', () => {
  test.each([
    [{ timoutMs: 1 }, 'unknown option `timoutMs`'],
    [{ timeoutMs: '1' }, 'option `timeoutMs` must be a positive number of milliseconds, got "1"'],
    [{ marginMs: 1 }, 'unknown option `marginMs`'],
    [{ wrap: lambda, marginMs: '1' }, 'option `marginMs` must be a number of milliseconds, got "1"'],
    [{ wrap: lambda, streamIdleMs: 1 }, 'unknown option `streamIdleMs`'],
    [{ wrap: 'lambda' }, 'option `wrap` must be a platform’s `withTelemetry`, got "lambda"'],
    [{ context: {} }, 'option `context` must be a function, got {}'],
    [null, 'option `options` must be an object, got null'],
  ])('that are invalid throw a TypeError when decorating: %j', (options, message) => {
    expect(() => Flushed(options as never)).toThrow(expect.objectContaining({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION', message: expect.stringContaining(message) }))
  })
})

test('the invocation of a method is current across its awaits, and no longer after the call', async () => {
  const { telemetry } = pipeline()
  class Orders {
    @Flushed({ telemetry }) async create() {
      await new Promise((resolve) => setImmediate(resolve))
      return currentInvocation()?.live
    }
  }
  expect(await new Orders().create()).toBe(true)
  expect(currentInvocation()).toBeUndefined()
})
