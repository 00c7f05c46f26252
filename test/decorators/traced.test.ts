/** Specifies `@Traced()`, on a fake exporter: a span around whatever a method does, ended whatever happens. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { type FlushReport, span, withTelemetry } from 'flushed'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

/** Runs a function in an invocation. @returns the spans of that invocation */
async function spansOf(run: () => unknown) {
  const { exporter, telemetry } = pipeline()
  await withTelemetry(async () => run(), { telemetry, name: 'root' })()
  return exporter.spans
}

const named = <S extends { name: string }>(spans: readonly S[], name: string): S => {
  const found = spans.find((each) => each.name === name)
  if (!found) throw new Error(`no span ${name} among ${spans.map((each) => each.name).join()}`)
  return found
}

const parentOf = (each: { parentSpanContext?: { spanId: string } | undefined }) => each.parentSpanContext?.spanId
const failure = new RangeError('no such order')

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

describe('a promise that a `@Traced()` method returns', () => {
  let settle!: { resolve(value: unknown): void; reject(error: unknown): void }
  class Orders {
    @Traced() load(): Promise<unknown> {
      return new Promise((resolve, reject) => (settle = { resolve, reject }))
    }
    @Traced() async later() {
      await Promise.resolve()
      span('query').end()
      return 'order'
    }
    @Traced() cancellable() {
      return Object.assign(Promise.resolve('done'), { cancel: () => 'cancelled' })
    }
  }

  test('ends the span when it settles, before the code that awaits it continues', async () => {
    const { exporter, telemetry } = pipeline()
    await withTelemetry(async () => {
      const started = vi.spyOn(telemetry.spanProcessor, 'onEnd')
      const loading = new Orders().load()
      await Promise.resolve()
      expect(started).not.toHaveBeenCalled()
      settle.resolve('order')
      expect(await loading).toBe('order')
      expect(started).toHaveBeenCalledOnce()
    }, { telemetry, name: 'root' })()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['Orders.load', 'root'])
  })

  test('has the span as the parent of what the method does, after an `await` too', async () => {
    const spans = await spansOf(() => new Orders().later())
    expect(parentOf(named(spans, 'query'))).toBe(named(spans, 'Orders.later').spanContext().spanId)
  })

  test('rejects with its own error, and the span records it', async () => {
    const spans = await spansOf(() => {
      const loading = new Orders().load()
      settle.reject(failure)
      return expect(loading).rejects.toBe(failure)
    })
    expect(named(spans, 'Orders.load').status.code).toBe(SpanStatusCode.ERROR)
  })

  test('that rejects unhandled is reported by the runtime, as without a span', async () => {
    const heard = vi.fn()
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', heard)
    try {
      void new Orders().load()
      settle.reject(failure)
      await new Promise((resolve) => setImmediate(resolve))
      expect(heard).toHaveBeenCalledExactlyOnceWith(failure, expect.anything())
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  test('keeps properties that were added to it', async () => {
    await spansOf(async () => {
      const result = new Orders().cancellable()
      expect(result.cancel()).toBe('cancelled')
      expect(await result).toBe('done')
    })
  })
})

describe('a result with a `then` of its own', () => {
  /** A query that runs each time its `then` is called. */
  class Query {
    runs = 0
    constructor(readonly fails = false) {}
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    then<T>(fulfilled?: (rows: string[]) => T, rejected?: (error: unknown) => T) {
      this.runs++
      span('SELECT').end()
      return (this.fails ? Promise.reject(failure) : Promise.resolve(['row'])).then(fulfilled, rejected)
    }
  }
  /** Like those of vendors' clients: a promise of the body, which gives access to the response, too. */
  class ApiPromise extends Promise<string> {
    readonly #response = 'response'
    static override get [Symbol.species]() {
      return Promise
    }
    get response() {
      return this.#response
    }
  }
  const made = new ApiPromise((resolve) => resolve('body'))
  const query = new Query()
  class Orders {
    @Traced() all(it = new Query()) {
      return it
    }
    @Traced() fetch() {
      return made
    }
    @Traced() closed() {
      return Object.preventExtensions(new Query())
    }
  }

  test('is the same object, runs once, only when awaited, and its span ends by then', async () => {
    const spans = await spansOf(async () => {
      const result = new Orders().all(query)
      expect(result).toBe(query)
      await Promise.resolve()
      expect(query.runs).toBe(0)
      expect(await result).toEqual(['row'])
      expect(query.runs).toBe(1)
      expect(Object.getOwnPropertyNames(query)).not.toContain('then')
    })
    expect(spans.map(({ name }) => name)).toEqual(['SELECT', 'Orders.all', 'root'])
    expect(parentOf(named(spans, 'SELECT'))).toBe(named(spans, 'Orders.all').spanContext().spanId)
    expect(named(spans, 'Orders.all').attributes).toEqual({})
  })

  describe.each<[string, (promise: () => Promise<string>) => object]>([
    // Like Prisma's.
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    ['that are properties of its own', (promise) => ({ then: (...how: []) => promise().then(...how), catch: (...how: []) => promise().catch(...how), finally: (...how: []) => promise().finally(...how) })],
    // Like most vendors' clients'.
    ['that its class overrides', (promise) => new (class extends Promise<string> {
      // oxlint-disable-next-line unicorn/no-thenable -- what this is about
      override then<T, F>(...how: Parameters<typeof Promise.prototype.then<T, F>>) {
        return promise().then(...how)
      }
      override catch<T>(...how: Parameters<typeof Promise.prototype.catch<T>>) {
        return promise().catch(...how)
      }
      override finally(...how: Parameters<typeof Promise.prototype.finally>) {
        return promise().finally(...how)
      }
    })(() => {})],
    ['that its class inherits from `Promise`', (promise) => (class extends Promise<string> {}).resolve(promise())],
    // Clients of language models: their constructor takes no executor, so a promise's own methods cannot make another one.
    ['that its class overrides, with a constructor that takes no executor', (promise) => new (class extends Promise<string> {
      constructor(readonly asked: Promise<string>) {
        super((resolve) => resolve(''))
      }
      // oxlint-disable-next-line unicorn/no-thenable -- what this is about
      override then<T, F>(...how: Parameters<typeof Promise.prototype.then<T, F>>) {
        return this.asked.then(...how)
      }
      override catch<T>(...how: Parameters<typeof Promise.prototype.catch<T>>) {
        return this.asked.catch(...how)
      }
      override finally(...how: Parameters<typeof Promise.prototype.finally>) {
        return this.asked.finally(...how)
      }
    })(promise())],
  ])('and a `catch` and `finally` %s', (_whose, make) => {
    class Clients {
      @Traced() ask(promise: () => Promise<string>) {
        return make(promise) as Promise<string>
      }
    }
    test.each<[string, (asked: Promise<string>) => Promise<unknown>]>([
      ['catch', (asked) => asked.catch(() => 'body')],
      ['finally', (asked) => asked.finally(() => {})],
    ])('ends its span when it is waited for with `%s`', async (_way, wait) => {
      const spans = await spansOf(async () => expect(await wait(new Clients().ask(async () => 'body'))).toBe('body'))
      expect(named(spans, 'Clients.ask').attributes).toEqual({})
    })

    test('records the error on its span when `catch` handles it', async () => {
      const spans = await spansOf(async () => expect(await new Clients().ask(() => Promise.reject(failure)).catch((error) => error)).toBe(failure))
      expect(named(spans, 'Clients.ask').status.message).toBe('no such order')
    })
  })

  test('may override `catch`: the override is called, and the span has the original error', async () => {
    class Job extends Promise<string> {
      override catch<T>(rejected?: ((reason: Error) => T | PromiseLike<T>) | null) {
        return super.catch((error: Error) => rejected?.(new Error(`the job: ${error.message}`)) as T)
      }
    }
    class Jobs {
      @Traced() run() {
        return Job.reject(failure) as Job
      }
    }
    const spans = await spansOf(async () => expect((await new Jobs().run().catch((error: Error) => error) as Error).message).toBe('the job: no such order'))
    expect(named(spans, 'Jobs.run').status.message).toBe('no such order')
  })

  test('may be behind a proxy that binds methods: the span records its error', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    const query = (): PromiseLike<string> => new Proxy({ then: (...how: []) => Promise.reject(failure).then(...how) } as PromiseLike<string>, {
      get: (target, key) => (Reflect.get(target, key) as () => void).bind(target),
    })
    class Bound {
      @Traced() all() {
        return query()
      }
    }
    const spans = await spansOf(async () => expect(async () => new Bound().all()).rejects.toBe(failure))
    expect(named(spans, 'Bound.all').status.message).toBe('no such order')
  })

  test('may throw from `then`, and may take a third callback, as for progress', async () => {
    class Jobs {
      @Traced() broken(): PromiseLike<string> {
        // oxlint-disable-next-line unicorn/no-thenable -- what this is about
        return { then: () => { throw failure } }
      }
      @Traced() upload() {
        // oxlint-disable-next-line unicorn/no-thenable -- what this is about
        return { then: (...how: ((of: string) => void)[]) => how.forEach((each) => each(how.length.toString())) }
      }
    }
    const told: string[] = []
    const tell = (of: string) => void told.push(of)
    const spans = await spansOf(async () => {
      await expect(async () => new Jobs().broken()).rejects.toBe(failure)
      new Jobs().upload().then(tell, () => {}, tell)
    })
    expect(named(spans, 'Jobs.broken').status.message).toBe('no such order')
    expect(told).toEqual(['3', '3'])
  })

  test('may be a plain promise whose own `then` returns nothing, and still has a span', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    const promise = () => Object.assign(Promise.resolve('row'), { then: () => undefined })
    class Rows {
      @Traced() all() {
        return promise()
      }
    }
    const spans = await spansOf(() => expect(typeof new Rows().all()).toBe('object'))
    expect(spans.map(({ name }) => name)).toEqual(['Rows.all', 'root'])
  })

  test('may have a `catch` with other parameters, as Bluebird has', async () => {
    class Bluebird extends Promise<string> {
      override catch(...how: unknown[]) {
        const [kind, rejected] = how as [new () => Error, () => string]
        return this.then(undefined, (error) => (error instanceof kind ? rejected() : Promise.reject(error))) as never
      }
    }
    class Clients {
      @Traced() ask() {
        return Bluebird.reject(failure) as Bluebird
      }
    }
    const spans = await spansOf(async () => {
      await expect(new Clients().ask().catch(TypeError, () => 'body')).rejects.toBe(failure)
      expect(await new Clients().ask().catch(RangeError, () => 'body')).toBe('body')
    })
    expect(spans.filter(({ name }) => name === 'Clients.ask').map(({ attributes }) => attributes)).toEqual([{ 'error.type': 'RangeError' }, { 'error.type': 'RangeError' }])
  })

  test('rejects with its own error, which its span records', async () => {
    const spans = await spansOf(() => expect((async () => new Orders().all(new Query(true)))()).rejects.toBe(failure))
    expect(named(spans, 'Orders.all').status.code).toBe(SpanStatusCode.ERROR)
  })

  test('may be of a subclass of `Promise`, and keeps that class’s members', async () => {
    const spans = await spansOf(async () => {
      const result = new Orders().fetch()
      expect(result).toBe(made)
      expect(result.response).toBe('response')
      expect(await result).toBe('body')
    })
    expect(named(spans, 'Orders.fetch').attributes).toEqual({})
  })

  test('may be non-extensible: its span ends when the method returns', async () => {
    const spans = await spansOf(async () => expect(await new Orders().closed()).toEqual(['row']))
    expect(spans.map(({ name }) => name)).toEqual(['Orders.closed', 'SELECT', 'root'])
  })
})

describe.each(['a generator', 'an asynchronous generator'])('%s', (kind) => {
  const cleaned = vi.fn()
  class Orders {
    @Traced() *each(fails = false): Generator<number, string, string | undefined> {
      try {
        span('first').end()
        yield 1
        span('second').end()
        if (fails) throw failure
        yield 2
        return 'end'
      } finally {
        cleaned()
      }
    }
    @Traced({ name: 'Orders.each' }) async *eachLater(fails = false): AsyncGenerator<number, string, string | undefined> {
      return yield* this.inner(fails)
    }
    async *inner(fails: boolean): AsyncGenerator<number, string, string | undefined> {
      try {
        await Promise.resolve()
        span('first').end()
        yield 1
        await Promise.resolve()
        span('second').end()
        if (fails) throw failure
        yield 2
        return 'end'
      } finally {
        cleaned()
      }
    }
  }
  const each = (fails?: boolean) => (kind === 'a generator' ? new Orders().each(fails) : new Orders().eachLater(fails))
  const iterate = async (fails: boolean, most = Infinity) => {
    const seen: number[] = []
    for await (const number of each(fails)) if (seen.push(number) >= most) break
    return seen
  }
  beforeEach(() => void cleaned.mockClear())

  test('that is read to its end ends its span there; the span is the parent of every step', async () => {
    const spans = await spansOf(async () => expect(await iterate(false)).toEqual([1, 2]))
    expect(spans.map(({ name }) => name)).toEqual(['first', 'second', 'Orders.each', 'root'])
    for (const step of ['first', 'second']) expect(parentOf(named(spans, step))).toBe(named(spans, 'Orders.each').spanContext().spanId)
    expect(named(spans, 'Orders.each').attributes).toEqual({})
  })

  test('that is left early runs its `finally`, and ends its span', async () => {
    const spans = await spansOf(async () => expect(await iterate(false, 1)).toEqual([1]))
    expect(cleaned).toHaveBeenCalledOnce()
    expect(spans.map(({ name }) => name)).toEqual(['first', 'Orders.each', 'root'])
    expect(named(spans, 'Orders.each').attributes).toEqual({})
  })

  test('that throws records the error on its span', async () => {
    const spans = await spansOf(() => expect(iterate(true)).rejects.toBe(failure))
    expect(named(spans, 'Orders.each').status.message).toBe('no such order')
  })

  test('whose `throw()` is called records the error on its span', async () => {
    const spans = await spansOf(async () => {
      const iterator = each()
      await iterator.next()
      await expect((async () => iterator.throw(failure))()).rejects.toBe(failure)
    })
    expect(named(spans, 'Orders.each').status.message).toBe('no such order')
  })

  test('that is never read to its end has its span ended by the invocation, marked as unfinished', async () => {
    const spans = await spansOf(async () => void (await each().next()))
    expect(named(spans, 'Orders.each').attributes).toEqual({ 'flushed.unfinished': true })
  })

  test('still looks and behaves like a generator', async () => {
    await spansOf(async () => {
      const iterator = each()
      expect(Object.prototype.toString.call(iterator)).toBe(kind === 'a generator' ? '[object Generator]' : '[object AsyncGenerator]')
      expect(await iterator.next()).toEqual({ value: 1, done: false })
      expect(await iterator.return('left')).toEqual({ value: 'left', done: true })
      expect(Object.getOwnPropertyNames(iterator)).toEqual([])
    })
  })
})

test('an iterator without `return` and `throw` ends its span when it is done', async () => {
  class Orders {
    @Traced() count(to: number) {
      let at = 0
      return { next: async () => (at < to ? { value: ++at } : { value: undefined, done: true }), [Symbol.asyncIterator]() { return this } }
    }
  }
  const spans = await spansOf(async () => {
    const seen: unknown[] = []
    for await (const number of new Orders().count(2)) seen.push(number)
    expect(seen).toEqual([1, 2])
  })
  expect(named(spans, 'Orders.count').attributes).toEqual({})
})

test('an iterator whose `return` does not report `done` still ends its span when it is left', async () => {
  class Orders {
    @Traced() forever() {
      return { next: () => ({ value: 1 }), return: () => ({ value: undefined }), [Symbol.iterator]() { return this } }
    }
  }
  const spans = await spansOf(() => {
    for (const one of new Orders().forever()) if (one) break
  })
  expect(named(spans, 'Orders.forever').attributes).toEqual({})
})

describe('a database cursor, whose steps are documents', () => {
  const close = vi.fn()
  class Orders {
    @Traced() find(...found: object[]) {
      return {
        next: async () => found.shift() ?? null,
        close,
        async *[Symbol.asyncIterator]() {
          for (let each; (each = await this.next()); ) yield each
        },
      }
    }
  }

  test('ends its span when there are no more documents', async () => {
    const spans = await spansOf(async () => {
      const seen: object[] = []
      for await (const order of new Orders().find({ _id: 1 }, { _id: 2 })) seen.push(order)
      expect(seen).toEqual([{ _id: 1 }, { _id: 2 }])
    })
    expect(named(spans, 'Orders.find').attributes).toEqual({})
  })

  test('ends its span when it is closed', async () => {
    const spans = await spansOf(async () => {
      const cursor = new Orders().find({ _id: 1 }, { _id: 2 })
      expect(await cursor.next()).toEqual({ _id: 1 })
      await cursor.close()
    })
    expect(close).toHaveBeenCalledOnce()
    expect(named(spans, 'Orders.find').attributes).toEqual({})
  })
})

test('an iterable that is not an iterator is a result like any other: its span ends with the method', async () => {
  class Orders {
    @Traced() all() {
      return [1, 2]
    }
  }
  const spans = await spansOf(() => expect(new Orders().all()).toEqual([1, 2]))
  expect(named(spans, 'Orders.all').attributes).toEqual({})
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

test.each([
  ['iterator', (function* ids(): Generator<number> { yield 7 })(), 'next', { value: 7, done: false }],
  // oxlint-disable-next-line unicorn/no-thenable -- what is tested
  ['thenable', { then: () => 7 }, 'then', 7],
])('the same %s, returned by thousands of calls, is followed only once', async (_what, all, key, first) => {
  class Orders {
    @Traced() sequence() {
      return all as object
    }
  }
  let came: unknown
  await spansOf(() => {
    const orders = new Orders()
    for (let call = 0; call < 12_000; call++) orders.sequence()
    came = (all as unknown as Record<string, () => unknown>)[key]?.()
  })
  expect(came).toEqual(first)
})
