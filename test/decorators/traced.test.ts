/** Specifies `@Traced()`, on a fake exporter: a span around whatever a method does, ended whatever happens. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { type FlushReport, span } from 'flushed'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'
import { failure, named, parentOf, spansOf } from './support.ts'

beforeEach(newIsolate)

describe('a synchronous `@Traced()` method', () => {
  class Orders {
    tax = 2
    @Traced() price(cents: number) {
      span('rate').end()
      return cents * this.tax
    }
    @Traced() refuse(): void {
      throw failure
    }
    @Traced() get total() {
      return this.price(1)
    }
    set total(_value: number) {
      this.price(2)
    }
    @Traced() static parse(text: string) {
      return Number(text)
    }
  }

  test('stays synchronous, keeps its `this`, and gets a span `Class.method` that is the parent of inner spans', async () => {
    const spans = await spansOf(() => expect(new Orders().price(21)).toBe(42))
    expect(spans.map(({ name }) => name)).toEqual(['rate', 'Orders.price', 'root'])
    expect(parentOf(named(spans, 'rate'))).toBe(named(spans, 'Orders.price').spanContext().spanId)
    expect(parentOf(named(spans, 'Orders.price'))).toBe(named(spans, 'root').spanContext().spanId)
  })

  test('throws its own error, and the span records it', async () => {
    const spans = await spansOf(() => expect(() => new Orders().refuse()).toThrow(failure))
    expect(named(spans, 'Orders.refuse').status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such order' })
    expect(named(spans, 'Orders.refuse').attributes).toEqual({ 'error.type': 'RangeError' })
  })

  test('may be a getter or static; an inherited one is named after the subclass', async () => {
    class Sub extends Orders {}
    const spans = await spansOf(() => [expect(new Sub().total).toBe(2), expect(Orders.parse('4')).toBe(4)])
    expect(spans.map(({ name }) => name)).toEqual(['rate', 'Sub.price', 'Sub.total', 'Orders.parse', 'root'])
  })

  test('has its span even when called detached from its object', async () => {
    const { parse } = Orders
    const spans = await spansOf(() => expect(parse('4')).toBe(4))
    expect(named(spans, 'Orders.parse')).toBeDefined()
  })
})

describe('options of `@Traced()`', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  beforeEach(() => void warn.mockClear())

  class Orders {
    @Traced('price') price() {}
    @Traced({ name: 'load', kind: SpanKind.CLIENT, attributes: { 'app.a': 1 } }) load() {}
    @Traced({ attributes: (id: string) => ({ 'order.id': id }) }) find(id: string) {
      return id
    }
    @Traced({ attributes: () => { throw failure } }) odd() {
      return 'odd'
    }
  }

  test('set the span’s name, kind and attributes, which a function may make from the arguments', async () => {
    const spans = await spansOf(() => {
      const orders = new Orders()
      orders.price()
      orders.load()
      orders.find('o1')
    })
    expect(spans.map(({ name }) => name)).toEqual(['price', 'load', 'Orders.find', 'root'])
    expect(named(spans, 'load')).toMatchObject({ kind: SpanKind.CLIENT, attributes: { 'app.a': 1 } })
    expect(named(spans, 'price').kind).toBe(SpanKind.INTERNAL)
    expect(named(spans, 'Orders.find').attributes).toEqual({ 'order.id': 'o1' })
  })

  test('that throw are logged in one line, and the method runs', async () => {
    const spans = await spansOf(() => expect(new Orders().odd()).toBe('odd'))
    expect(named(spans, 'Orders.odd').attributes).toEqual({})
    expect(warn).toHaveBeenCalledExactlyOnceWith('flushed: `attributes` failed: no such order')
  })

  test.each([
    [{ nam: 'x' }, 'unknown option `nam`'],
    [{ name: '' }, 'option `name` must be a non-empty string, got ""'],
    [{ kind: 'client' }, 'option `kind` must be a `SpanKind`, got "client"'],
    [{ attributes: 1 }, 'option `attributes` must be an object or a function, got 1'],
    ['', 'option `name` must be a non-empty string, got ""'],
    [5, 'option `options` must be an object, got 5'],
  ])('that are invalid throw a TypeError when decorating: %j', (options, message) => {
    expect(() => Traced(options as never)).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }))
  })
})

describe('a `@Traced()` method outside of an invocation', () => {
  test('has an ordinary span of the global provider', () => {
    const { exporter, tracer } = pipeline()
    void exporter
    const started = vi.spyOn(Object.getPrototypeOf(tracer), 'startSpan')
    class Orders {
      @Traced() price() {
        return trace.getActiveSpan()?.isRecording()
      }
    }
    new Orders().price()
    expect(started).toHaveBeenCalledOnce()
  })

  test('that calls another is in one trace with it, even before the first invocation', async () => {
    const { telemetry } = pipeline()
    class Orders {
      @Traced() async price() {
        await Promise.resolve()
        return [trace.getActiveSpan(), await this.rate()]
      }
      @Traced() async rate() {
        return trace.getActiveSpan()
      }
    }
    Telemetry({ telemetry })(Orders)
    const [outer, inner] = await new Orders().price()
    expect(inner).not.toBe(outer)
    expect(inner).toMatchObject({ parentSpanContext: { spanId: outer?.spanContext().spanId } })
  })

  test('has a span from the `telemetry` of its class', () => {
    const startSpan = vi.fn(() => trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }))
    const telemetry = { stages: [], tracer: () => ({ startSpan, startActiveSpan: () => {} }) as never }
    class Orders {
      @Traced() price() {}
    }
    Telemetry({ telemetry })(Orders)
    class Sub extends Orders {}
    new Sub().price()
    expect(startSpan).toHaveBeenCalledExactlyOnceWith('Sub.price', expect.anything(), expect.anything())
  })

  test('runs even if the tracer throws', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const telemetry = { stages: [], tracer: () => { throw failure } }
    class Orders {
      @Traced() price() {
        return 1
      }
    }
    Telemetry({ telemetry })(Orders)
    expect(new Orders().price()).toBe(1)
    expect(warn).toHaveBeenCalledWith('flushed: opening a span failed: no such order')
    warn.mockRestore()
  })
})

test('`@Traced()` below `@Flushed()` is a span in the invocation; above, it surrounds it, and the report warns', async () => {
  const { exporter, telemetry } = pipeline()
  const reports: FlushReport[] = []
  class Orders {
    @Flushed({ telemetry, onFlush: (report) => reports.push(report), logger: false }) @Traced('inside') async create() {}
    @Traced('around') @Flushed({ telemetry, onFlush: (report) => reports.push(report), logger: false }) async change() {}
  }
  await new Orders().create()
  expect(exporter.spans.map(({ name }) => name)).toEqual(['inside', 'Orders.create'])
  await new Orders().change()
  expect(exporter.spans.map(({ name }) => name).slice(2)).toEqual(['Orders.change'])
  expect(reports.map(({ warnings }) => warnings)).toEqual([[], [expect.stringContaining('flushed is not the outermost wrapper')]])
})
