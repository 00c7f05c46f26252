/** Specifies `@Traced()` on generators, and on methods that return iterators or cursors: their spans end with the iteration. */
import { span } from 'flushed'
import { Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate } from '../support/sdk.ts'
import { failure, named, parentOf, spansOf } from './support.ts'

beforeEach(newIsolate)

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

test('an iterator without `return` and `throw` ends its span when it is done, which steps without `done` do not say', async () => {
  class Orders {
    @Traced() count(to: number) {
      let at = 0
      const step = () => {
        span('step').end()
        return at < to ? { value: ++at } : { value: undefined, done: true }
      }
      return { next: async () => step(), [Symbol.asyncIterator]() { return this } }
    }
  }
  const spans = await spansOf(async () => {
    const seen: unknown[] = []
    for await (const number of new Orders().count(2)) seen.push(number)
    expect(seen).toEqual([1, 2])
  })
  expect(spans.map(({ name }) => name)).toEqual(['step', 'step', 'step', 'Orders.count', 'root'])
  expect(named(spans, 'Orders.count').attributes).toEqual({})
})

test('a generator that goes on after `return` ends its span when it is done', async () => {
  class Orders {
    @Traced() *each(): Generator<string, void> {
      try {
        yield 'order'
      } finally {
        yield 'rest'
        span('cleanup').end()
      }
    }
  }
  const spans = await spansOf(() => {
    const orders = new Orders().each()
    orders.next()
    expect(orders.return()).toEqual({ value: 'rest', done: false })
    orders.next()
  })
  expect(spans.map(({ name }) => name)).toEqual(['cleanup', 'Orders.each', 'root'])
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
