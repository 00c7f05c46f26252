/** `@Traced`: a child span around a method, whatever the method returns. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same, thrownBy } from './runner.js'
import { isChild, names, only } from './world.js'

behaviour('@Traced: a child of the invocation’s root', async ({ options, spans }) => {
  class Orders {
    readonly rate = 2
    @Flushed(options)
    async create(amount: number) {
      return this.price(amount)
    }
    @Traced()
    price(amount: number) {
      return amount * this.rate
    }
  }
  is(await new Orders().create(4), 8)
  same(names(spans), ['Orders.price', 'Orders.create'])
  is(isChild(only(spans, 'Orders.price'), only(spans, 'Orders.create')), true, 'child')
})

behaviour('@Traced: what is synchronous stays so, and has ended when it returns', ({ ended, spans, reports }) => {
  class Orders {
    @Traced()
    price(amount: number) {
      same(names(ended), [])
      return amount
    }
  }
  is(new Orders().price(4), 4)
  same([names(ended), names(spans), reports], [['Orders.price'], [], []])
})

behaviour('@Traced: what is thrown at once', async ({ ended }) => {
  const error = new Error('sold out')
  class Orders {
    @Traced()
    price(): number {
      throw error
    }
  }
  is(await thrownBy(() => new Orders().price()), error)
  is(only(ended, 'Orders.price').status.code, SpanStatusCode.ERROR)
  same(only(ended, 'Orders.price').events.map(({ name }) => name), ['exception'])
})

behaviour('@Traced: a promise, fulfilled and rejected', async ({ ended }) => {
  const error = new Error('sold out')
  let settle!: (value: string | Promise<never>) => void
  class Orders {
    @Traced()
    price() {
      return new Promise<string>((resolve) => (settle = resolve))
    }
  }
  const price = new Orders().price()
  is(price instanceof Promise, true, 'a promise')
  same(names(ended), [], 'before')
  settle('4')
  is(await price, '4')
  same(names(ended), ['Orders.price'], 'after')
  const failing = new Orders().price()
  settle(Promise.reject(error))
  is(await thrownBy(() => failing), error)
  is(ended[1]?.status.code, SpanStatusCode.ERROR)
})

behaviour('@Traced: a thenable that is no promise', async ({ ended }) => {
  class Orders {
    @Traced()
    price() {
      // oxlint-disable-next-line unicorn/no-thenable -- what is tested
      return { then: (resolve: (value: number) => void) => void setTimeout(resolve, 1, 4) }
    }
  }
  const price = new Orders().price()
  same(names(ended), [], 'before')
  is(await price, 4)
  same(names(ended), ['Orders.price'], 'after')
})

behaviour('@Traced: name, attributes and kind', ({ ended }) => {
  class Orders {
    @Traced('price')
    price() {}
    @Traced({ name: 'charge', attributes: { shop: 'books' }, kind: SpanKind.CLIENT })
    charge() {}
    @Traced({ attributes: (id: string) => ({ id }) })
    remove(_id: string) {}
  }
  const orders = new Orders()
  orders.price()
  orders.charge()
  orders.remove('7')
  same(names(ended), ['price', 'charge', 'Orders.remove'])
  same([ended[1]?.attributes.shop, ended[1]?.kind], ['books', SpanKind.CLIENT])
  is(ended[2]?.attributes.id, '7')
})

behaviour('@Traced: getters and setters', ({ ended }) => {
  class Orders {
    #rate = 2
    @Traced()
    get rate() {
      return this.#rate
    }
    @Traced()
    set level(to: number) {
      this.#rate = to
    }
  }
  const orders = new Orders()
  orders.level = 3
  is(orders.rate, 3)
  same(names(ended), ['Orders.level', 'Orders.rate'])
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'rate')
  same([typeof descriptor?.get, descriptor?.set, descriptor?.enumerable, descriptor?.configurable], ['function', undefined, false, true])
})

behaviour('@Traced: static methods and getters', ({ ended }) => {
  class Orders {
    static readonly rate = 2
    @Traced()
    static price() {
      return this.rate
    }
    @Traced()
    static get rates() {
      return [this.rate]
    }
  }
  is(Orders.price(), 2)
  same(Orders.rates, [2])
  same(names(ended), ['Orders.price', 'Orders.rates'])
})

behaviour('@Traced: one inside another', ({ ended }) => {
  class Orders {
    @Traced()
    total() {
      return this.price()
    }
    @Traced()
    price() {
      return 4
    }
  }
  is(new Orders().total(), 4)
  same(names(ended), ['Orders.price', 'Orders.total'])
})

behaviour(
  '@Traced: one inside another, across an `await`',
  async ({ options, spans }) => {
    class Orders {
      @Flushed(options)
      async create() {
        await Promise.resolve()
        return this.total()
      }
      @Traced()
      async total() {
        await Promise.resolve()
        return this.price()
      }
      @Traced()
      async price() {
        return 4
      }
    }
    is(await new Orders().create(), 4)
    same(names(spans), ['Orders.price', 'Orders.total', 'Orders.create'])
    is(isChild(only(spans, 'Orders.price'), only(spans, 'Orders.total')), true, 'price')
    is(isChild(only(spans, 'Orders.total'), only(spans, 'Orders.create')), true, 'total')
  },
  { als: true },
)

behaviour('@Traced: what an invocation does not wait for is ended with it', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create() {
      void this.audit()
    }
    @Traced()
    audit() {
      return new Promise(() => {})
    }
  }
  await new Orders().create()
  same(names(spans), ['Orders.audit', 'Orders.create'])
  is(reports[0]?.spans.endedByDispose, 1)
})

behaviour('@Traced: above and below @Flushed', async ({ options, spans, reports }) => {
  class Orders {
    @Traced('above')
    @Flushed({ ...options, name: 'first' })
    async create() {
      return 1
    }
    @Flushed({ ...options, name: 'second' })
    @Traced('below')
    async remove() {
      return 2
    }
  }
  same([await new Orders().create(), await new Orders().remove()], [1, 2])
  is(isChild(only(spans, 'below'), only(spans, 'second')), true, 'child')
  is(reports.length, 2, 'flushes')
})

behaviour('@Traced: the method looks as it did', () => {
  class Orders {
    @Traced('other')
    price(_one: unknown, _two: unknown, ..._rest: unknown[]) {}
  }
  const { value, ...rest } = Object.getOwnPropertyDescriptor(Orders.prototype, 'price') ?? {}
  is(value.name, 'price', 'name')
  is(value.length, 2, 'length')
  same(rest, { writable: true, enumerable: false, configurable: true }, 'descriptor')
})
