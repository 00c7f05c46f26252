/** Specifies `@Traced()` on methods whose results have a `then` of their own, such as queries that run when they are awaited. */
import { SpanStatusCode } from '@opentelemetry/api'
import { span } from 'flushed'
import { Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../support/sdk.ts'
import { failure, named, parentOf, spansOf } from './support.ts'

beforeEach(newIsolate)

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
