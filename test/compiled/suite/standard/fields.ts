/** Fields that hold functions. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, refused, same } from '../runner.js'
import { names } from '../world.js'

behaviour('fields: arrow functions', async ({ options, spans, reports }) => {
  class Orders {
    readonly rate = 2
    @Flushed(options)
    create = async (amount: number) => this.price(amount)
    @Traced()
    price = (amount: number) => amount * this.rate
  }
  const { create } = new Orders()
  is(await create(4), 8)
  is(create.length, 1, 'length')
  same(names(spans), ['Orders.price', 'Orders.create'])
  is(reports.length, 1, 'flushes')
})

behaviour('fields: static ones', async ({ options, spans }) => {
  class Orders {
    @Flushed({ ...options, name: 'create' })
    static create = async () => 'created'
  }
  is(await Orders.create(), 'created')
  same(names(spans), ['create'])
})

behaviour('fields: private ones', async ({ options, spans }) => {
  class Orders {
    @Flushed({ ...options, name: 'create' })
    readonly #create = async () => 'created'
    create() {
      return this.#create()
    }
  }
  is(await new Orders().create(), 'created')
  same(names(spans), ['create'])
})

behaviour('fields: every instance has its own', async ({ options, spans }) => {
  class Orders {
    constructor(readonly id: number) {}
    @Flushed({ ...options, name: 'create' })
    create = async () => this.id
  }
  const [one, two] = [new Orders(1), new Orders(2)]
  same([await one.create(), await two.create()], [1, 2])
  is(one.create === two.create, false)
  same(names(spans), ['create', 'create'])
})

behaviour('fields: what is no function is refused when the instance is made', async ({ options }) => {
  type Untyped = (...args: unknown[]) => never
  class Orders {
    @(Flushed(options) as unknown as Untyped)
    create = 7
  }
  class Prices {
    @(Traced() as unknown as Untyped)
    price = 7
  }
  await refused(() => new Orders(), /@Flushed.*create.*7|create.*function.*7/)
  await refused(() => new Prices(), /@Traced.*price.*7|price.*function.*7/)
})
