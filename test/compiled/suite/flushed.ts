/** `@Flushed`: the method is a handler. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { currentInvocation, span, withTelemetry } from 'flushed'
import { Flushed } from 'flushed/decorators'
import { behaviour, is, same, thrownBy } from './runner.js'
import { isChild, names, only } from './world.js'

const order = { id: '1' }

behaviour('@Flushed: a root span of class and method is acknowledged when the result is there', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create(given: object) {
      return given
    }
  }
  is(await new Orders().create(order), order)
  same(names(spans), ['Orders.create'])
  is(only(spans, 'Orders.create').parentSpanContext, undefined, 'parent')
  same(reports.map(({ outcome, phase }) => [outcome, phase]), [['delivered', 'before-response']])
})

behaviour('@Flushed: the error that is thrown is the one that comes out, and is on the span', async ({ options, spans }) => {
  const error = new Error('sold out')
  class Orders {
    @Flushed(options)
    async create(): Promise<void> {
      throw error
    }
  }
  is(await thrownBy(() => new Orders().create()), error)
  is(only(spans, 'Orders.create').status.code, SpanStatusCode.ERROR)
  same(only(spans, 'Orders.create').events.map(({ name }) => name), ['exception'])
})

behaviour('@Flushed: what is thrown at once rejects, and nothing is thrown', async ({ options, spans }) => {
  class Orders {
    @Flushed(options)
    create(): Promise<void> {
      throw order
    }
  }
  const promise = new Orders().create()
  is(await thrownBy(() => promise), order)
  same(names(spans), ['Orders.create'])
})

behaviour('@Flushed: `this` and the arguments are the caller’s', async ({ options }) => {
  class Orders {
    readonly shop = 'books'
    @Flushed(options)
    async create(...given: unknown[]) {
      return [this.shop, ...given]
    }
  }
  same(await new Orders().create(1, undefined, 'x'), ['books', 1, undefined, 'x'])
  same(await Reflect.apply(Orders.prototype.create, { shop: 'other' }, []), ['other'])
})

behaviour('@Flushed: the method looks as it did', ({ options }) => {
  class Plain {
    async create(_one: unknown, _two: unknown) {}
  }
  class Orders {
    @Flushed(options)
    async create(_one: unknown, _two: unknown) {}
  }
  const before = Object.getOwnPropertyDescriptor(Plain.prototype, 'create')
  const { value, ...after } = Object.getOwnPropertyDescriptor(Orders.prototype, 'create') ?? {}
  is(value.name, 'create', 'name')
  is(value.length, 2, 'length')
  same(after, { writable: before?.writable, enumerable: before?.enumerable, configurable: before?.configurable }, 'descriptor')
  same(Object.keys(new Orders()), [], 'own keys')
})

behaviour('@Flushed: what is left open is ended, children before the root', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create() {
      span('forgotten')
    }
  }
  await new Orders().create()
  same(names(spans), ['forgotten', 'Orders.create'])
  is(isChild(only(spans, 'forgotten'), only(spans, 'Orders.create')), true, 'child')
  is(reports[0]?.spans.endedByDispose, 1)
})

behaviour(
  '@Flushed: what other instrumentation leaves open is ended too',
  async ({ options, spans, reports }) => {
    class Orders {
      @Flushed(options)
      async create() {
        await Promise.resolve()
        trace.getTracer('app').startSpan('theirs')
      }
    }
    await new Orders().create()
    same(names(spans), ['theirs', 'Orders.create'])
    is(isChild(only(spans, 'theirs'), only(spans, 'Orders.create')), true, 'child')
    is(reports[0]?.spans.endedByDispose, 1)
  },
  { als: true },
)

behaviour('@Flushed: a static method', async ({ options, spans }) => {
  class Orders {
    static readonly shop = 'books'
    @Flushed(options)
    static async create() {
      return this.shop
    }
  }
  is(await Orders.create(), 'books')
  same(names(spans), ['Orders.create'])
})

behaviour('@Flushed: a method under a symbol', async ({ options, spans }) => {
  const create = Symbol('create')
  class Orders {
    @Flushed({ ...options, name: 'orders' })
    async [create]() {
      return order
    }
  }
  is(await new Orders()[create](), order)
  same(names(spans), ['orders'])
})

behaviour('@Flushed: a method that is called through `super` is a child, and one flush does', async ({ options, spans, reports }) => {
  class Base {
    @Flushed({ ...options, name: 'base' })
    async create(given: string) {
      return `base ${given}`
    }
  }
  class Orders extends Base {
    @Flushed({ ...options, name: 'orders' })
    override async create(given: string) {
      return `orders ${await super.create(given)}`
    }
  }
  is(await new Orders().create('x'), 'orders base x')
  same(names(spans), ['base', 'orders'])
  is(isChild(only(spans, 'base'), only(spans, 'orders')), true, 'child')
  is(reports.length, 1, 'flushes')
})

behaviour(
  '@Flushed: a method that is called later, from another, is a child too',
  async ({ options, spans, reports }) => {
    class Orders {
      @Flushed(options)
      async create() {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return this.price()
      }
      @Flushed(options)
      async price() {
        return currentInvocation()?.root.spanContext().spanId
      }
    }
    const root = await new Orders().create()
    same(names(spans), ['Orders.price', 'Orders.create'])
    is(isChild(only(spans, 'Orders.price'), only(spans, 'Orders.create')), true, 'child')
    is(root, only(spans, 'Orders.create').spanContext().spanId, 'root')
    is(reports.length, 1, 'flushes')
  },
  { als: true },
)

behaviour('@Flushed: twice on a method flushes once', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed({ ...options, name: 'outer' })
    @Flushed({ ...options, name: 'inner' })
    async create() {
      return order
    }
  }
  is(await new Orders().create(), order)
  same(names(spans), ['inner', 'outer'])
  is(reports.length, 1, 'flushes')
})

behaviour('@Flushed: below `withTelemetry` flushes once', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create() {
      return order
    }
  }
  const handler = withTelemetry(() => new Orders().create(), { ...options, name: 'handler' })
  is(await handler(), order)
  same(names(spans), ['Orders.create', 'handler'])
  is(reports.length, 1, 'flushes')
})

behaviour('@Flushed: invocations at the same time have their own spans and flushes', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create(id: number) {
      span(`child ${id}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return id
    }
  }
  const orders = new Orders()
  same(await Promise.all([1, 2, 3].map((id) => orders.create(id))), [1, 2, 3])
  const roots = spans.filter(({ name }) => name === 'Orders.create')
  const parents = [1, 2, 3].map((id) => roots.findIndex((root) => isChild(only(spans, `child ${id}`), root)))
  same(parents.toSorted(), [0, 1, 2], 'roots of the children')
  is(reports.length, 3, 'flushes')
})

behaviour('@Flushed: `name` and `attributes` are the span’s', async ({ options, spans }) => {
  class Orders {
    @Flushed({ ...options, name: 'orders create', attributes: { shop: 'books' } })
    async create() {}
    @Flushed({ ...options, attributes: (id: string) => ({ id }) })
    async remove(_id: string) {}
  }
  await new Orders().create()
  await new Orders().remove('7')
  is(only(spans, 'orders create').attributes.shop, 'books')
  is(only(spans, 'orders create').kind, SpanKind.INTERNAL)
  is(only(spans, 'Orders.remove').attributes.id, '7')
})
