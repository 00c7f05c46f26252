/** Specifies `@Telemetry()`, which gives options to all methods of a class, on a fake exporter. */
import type { FlushReport } from 'flushed'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { withTelemetry as edge } from 'flushed/edge'
import { withTelemetry as lambda } from 'flushed/lambda'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const byClass = vi.fn((_report: FlushReport) => {})
const byMethod = vi.fn((_report: FlushReport) => {})
const bySubclass = vi.fn((_report: FlushReport) => {})
beforeEach(() => vi.clearAllMocks())

describe('a class with `@Telemetry()`', () => {
  // Each test has classes of its own, as it has a pipeline of its own.
  function classes() {
    const { exporter, telemetry } = pipeline()
    @Telemetry({ telemetry, onFlush: byClass, attributes: { 'app.team': 'orders', 'app.level': 'class' } })
    class Orders {
      @Flushed() async create(_id: string) {}
      @Flushed({ onFlush: byMethod, attributes: (id: string) => ({ 'order.id': id, 'app.level': 'method' }) }) async change(_id: string) {}
      @Flushed({ onFlush: undefined }) static async all() {}
    }
    class Plain extends Orders {}
    @Telemetry({ onFlush: bySubclass, attributes: () => ({ 'app.level': 'subclass' }) })
    class Special extends Orders {
      @Flushed() async cancel() {}
      override async create(id: string) {
        await super.create(id)
      }
    }
    return { exporter, Orders, Plain, Special }
  }

  test('gives its options to all of its methods, static ones included', async () => {
    const { exporter, Orders } = classes()
    await new Orders().create('o1')
    await Orders.all()
    expect(byClass).toHaveBeenCalledTimes(2)
    expect(exporter.spans.map(({ name, attributes }) => [name, attributes['app.team'], attributes['app.level']])).toEqual([
      ['Orders.create', 'orders', 'class'],
      ['Orders.all', 'orders', 'class'],
    ])
  })

  test('is overridden by the options of a method; attributes of both are merged', async () => {
    const { exporter, Orders } = classes()
    await new Orders().change('o1')
    expect([byClass, byMethod].map(({ mock }) => mock.calls.length)).toEqual([0, 1])
    expect(exporter.spans[0]?.attributes).toEqual({ 'app.team': 'orders', 'app.level': 'method', 'order.id': 'o1' })
  })

  test('passes its options on to a class that extends it', async () => {
    const { exporter, Plain } = classes()
    await new Plain().create('o1')
    await Plain.all()
    expect(byClass).toHaveBeenCalledTimes(2)
    expect(exporter.spans.map(({ name }) => name)).toEqual(['Plain.create', 'Plain.all'])
  })

  test('is overridden by the options of a class that extends it, for inherited and new methods alike', async () => {
    const { exporter, Orders, Special } = classes()
    await new Special().cancel()
    await new Special().create('o1')
    await new Special().change('o1')
    await new Orders().create('o1')
    expect([byClass, byMethod, bySubclass].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 2])
    expect(exporter.spans.map(({ name, attributes }) => [name, attributes['app.team'], attributes['app.level']])).toEqual([
      ['Special.cancel', 'orders', 'subclass'],
      ['Special.create', 'orders', 'subclass'],
      ['Special.change', 'orders', 'method'],
      ['Orders.create', 'orders', 'class'],
    ])
  })

  test('exposes its options under the symbol `flushed.telemetry`', () => {
    const { Orders, Special } = classes()
    const key = Symbol.for('flushed.telemetry')
    expect(Reflect.get(Orders, key)).toMatchObject({ onFlush: byClass, attributes: { 'app.team': 'orders' } })
    expect(Reflect.get(Special, key)).toMatchObject({ onFlush: bySubclass, telemetry: expect.anything() })
    expect(Object.keys(Orders)).toEqual([])
  })
})

describe('the `wrap` of a class', () => {
  const event = { version: '2.0', routeKey: 'GET /orders', rawPath: '/orders', headers: {}, requestContext: { http: { method: 'GET', path: '/orders' }, stage: '$default' } }
  const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 5000 }

  test('applies to its methods; a method with another `wrap` ignores only options that only the first one knows', async () => {
    const { exporter, telemetry } = pipeline()
    const reports: FlushReport[] = []
    @Telemetry({ wrap: lambda, telemetry, marginMs: 20, onFlush: (report) => void reports.push(report) })
    class Orders {
      @Flushed({ attributes: { 'app.a': 1 } }) async list(_event: unknown, _context: unknown) {}
      @Flushed({ wrap: edge, flush: 'before-response', route: '/orders' }) async get(_request: Request) {
        return new Response('')
      }
    }
    await new Orders().list(event, context)
    expect(reports).toHaveLength(1)
    await new Orders().get(new Request('https://shop.example/orders'))
    expect(exporter.spans).toMatchObject([
      { name: 'GET /orders', attributes: { 'faas.trigger': 'http', 'app.a': 1 } },
      { name: 'GET /orders', attributes: { 'url.path': '/orders' } },
    ])
    expect(reports).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }])
  })
})

describe('options made by a function of `env`', () => {
  const flushed = () => pipeline()

  test('are made once, at the first call of a method, from the instance’s `env`', async () => {
    const { exporter, telemetry } = flushed()
    const make = vi.fn((env: { TEAM: string }) => ({ telemetry, attributes: { 'app.team': env.TEAM } }))
    @Telemetry(make)
    class Room {
      constructor(readonly env: { TEAM: string }) {}
      @Flushed() async join() {}
      @Traced() size() {
        return 1
      }
    }
    @Telemetry({ attributes: { 'app.kind': 'lobby' } })
    class Lobby extends Room {}
    @Telemetry(make)
    class Cellar extends Lobby {}
    expect(make).not.toHaveBeenCalled()
    const room = new Room({ TEAM: 'rooms' })
    await room.join()
    await room.join()
    expect(room.size()).toBe(1)
    expect(make).toHaveBeenCalledExactlyOnceWith({ TEAM: 'rooms' })
    await new Lobby({ TEAM: 'rooms' }).join()
    await new Cellar({ TEAM: 'rooms' }).join()
    expect(make).toHaveBeenCalledOnce()
    expect(exporter.spans.filter(({ name }) => name.endsWith('join')).map(({ attributes }) => attributes)).toMatchObject([
      { 'app.team': 'rooms' },
      { 'app.team': 'rooms' },
      { 'app.team': 'rooms', 'app.kind': 'lobby' },
      { 'app.team': 'rooms', 'app.kind': 'lobby' },
    ])
  })

  test('that are invalid are logged once, and the method runs without them', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    @Telemetry(() => ({ timeoutMs: -1 }))
    class Room {
      @Flushed({ logger: false }) async join() {
        return this.size()
      }
      @Traced() size() {
        return 1
      }
    }
    expect([await new Room().join(), await new Room().join()]).toEqual([1, 1])
    expect(error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no options for Room, since they failed: flushed: option `timeoutMs`'))
    error.mockRestore()
  })

  test('that fail are logged once for each reason, not once for each class', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const room = (reason: string) => {
      @Telemetry(() => {
        throw new Error(reason)
      })
      class Room {
        static get name(): never {
          throw new Error('no name')
        }
        @Flushed({ logger: false }) async join() {}
      }
      return new Room()
    }
    for (const reason of ['no team', 'no team', 'no collector']) await room(reason).join()
    expect(error.mock.calls.map(([line]) => line.replace(/^.*since /, ''))).toEqual(['they failed: no team', 'they failed: no collector'])
    error.mockRestore()
  })
})

describe('misuse of `@Telemetry()` throws a TypeError that says what to write', () => {
  class Orders {}
  const bare = Telemetry as unknown as (...args: unknown[]) => unknown
  test.each([
    ['without parentheses, legacy', () => bare(Orders), 'write `@Telemetry({ … })`, with options'],
    ['without parentheses, standard', () => bare(Orders, { kind: 'class', name: 'Orders' }), 'write `@Telemetry({ … })`, with options'],
    ['without options', () => bare(), 'option `options` must be an object, got undefined'],
    ['with a name', () => bare({ name: 'orders' }), 'write `@Flushed({ name })`'],
    ['with a typo', () => bare({ timoutMs: 1 }), 'unknown option `timoutMs`'],
    ['with a bad option of its wrap', () => bare({ wrap: lambda, marginMs: -1 }), 'option `marginMs`'],
    ['on a method, legacy', () => (bare({}) as typeof bare)(Orders.prototype, 'create', {}), '`@Telemetry()` cannot decorate a member: write `@Flushed({ … })`'],
    ['on a method, standard', () => (bare({}) as typeof bare)(() => {}, { kind: 'method', name: 'create' }), '`@Telemetry()` cannot decorate a member: write `@Flushed({ … })`'],
  ])('%s', (_how, misuse, message) => {
    expect(misuse).toThrow(expect.objectContaining({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION', message: expect.stringContaining(message) }))
  })
})
