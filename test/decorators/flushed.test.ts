/** Specifies `@Flushed()`, which makes a method a handler, on a fake exporter. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { currentInvocation, span, withTelemetry, wrapInfo } from 'flushed'
import { Flushed, Traced } from 'flushed/decorators'
import { withTelemetry as lambda } from 'flushed/lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { answering, names, newIsolate, pipeline } from '../support/sdk.ts'
import { failure } from './support.ts'

beforeEach(newIsolate)

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
