/** Auto-accessors. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same } from '../runner.js'
import { names } from '../world.js'

behaviour('accessors: one that holds a function', async ({ options, spans, reports }) => {
  class Orders {
    readonly rate = 2
    @Flushed(options)
    accessor create = async (amount: number) => this.price(amount)
    @Traced()
    accessor price = (amount: number) => amount * this.rate
  }
  const orders = new Orders()
  is(await orders.create(4), 8)
  is(names(spans).at(-1), 'Orders.create')
  is(names(spans).includes('Orders.price'), true, `price among ${names(spans).join()}`)
  is(reports.length, 1, 'flushes')
})

behaviour('accessors: a static one', async ({ options, spans }) => {
  class Orders {
    @Flushed({ ...options, name: 'create' })
    static accessor create = async () => 'created'
  }
  is(await Orders.create(), 'created')
  same(names(spans), ['create'])
})

behaviour('accessors: a private one', async ({ options, spans }) => {
  class Orders {
    @Flushed({ ...options, name: 'create' })
    accessor #create = async () => 'created'
    create() {
      return this.#create()
    }
  }
  is(await new Orders().create(), 'created')
  same(names(spans), ['create'])
})
