/** `@Telemetry`: options for a whole class. */
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { behaviour, is, same } from './runner.js'
import { names, only } from './world.js'

behaviour('@Telemetry: its options are those of the class’s methods', async ({ options, spans, reports }) => {
  @Telemetry({ ...options, attributes: { shop: 'books' } })
  class Orders {
    readonly id = 7
    @Flushed()
    async create() {
      return this.id
    }
    @Flushed()
    static async count() {
      return 3
    }
  }
  is(await new Orders().create(), 7)
  is(await Orders.count(), 3)
  same(names(spans), ['Orders.create', 'Orders.count'])
  same(spans.map(({ attributes }) => attributes.shop), ['books', 'books'])
  is(reports.length, 2, 'flushes')
})

behaviour('@Telemetry: a method’s own options win, and attributes are merged', async ({ options, spans }) => {
  @Telemetry({ ...options, attributes: { shop: 'books', floor: 1 } })
  class Orders {
    @Flushed({ name: 'own', attributes: { floor: 2 } })
    async create() {}
  }
  await new Orders().create()
  same([only(spans, 'own').attributes.shop, only(spans, 'own').attributes.floor], ['books', 2])
})

behaviour('@Telemetry: is inherited', async ({ options, spans }) => {
  @Telemetry({ ...options, attributes: { shop: 'books' } })
  class Base {}
  class Orders extends Base {
    @Flushed()
    async create() {}
  }
  await new Orders().create()
  is(only(spans, 'Orders.create').attributes.shop, 'books')
})

behaviour('@Telemetry: a subclass’s own wins, for what it inherits as well', async ({ options, spans, reports }) => {
  @Telemetry({ logger: false, attributes: { shop: 'books', floor: 1 } })
  class Base {
    @Flushed({ name: 'create' })
    async create() {}
  }
  @Telemetry({ ...options, attributes: { floor: 2 } })
  class Orders extends Base {}
  await new Orders().create()
  is(only(spans, 'create').attributes.floor, 2)
  is(reports.length, 1, 'flushes with the subclass’s options')
})

behaviour('@Telemetry: leaves the class as it is', ({ options }) => {
  @Telemetry(options)
  class Orders {
    static readonly shop = 'books'
    constructor(readonly id: number) {}
  }
  const orders = new Orders(7)
  is(orders.id, 7)
  is(orders.constructor, Orders)
  is(Orders.name, 'Orders')
  is(Orders.length, 1)
  same(Object.keys(Orders), ['shop'])
})

behaviour('@Telemetry: beside @Traced, which flushes nothing', async ({ options, spans, ended }) => {
  @Telemetry(options)
  class Orders {
    @Traced()
    price() {
      return 7
    }
  }
  is(new Orders().price(), 7)
  same([names(ended), names(spans)], [['Orders.price'], []])
})
