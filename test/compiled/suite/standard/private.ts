/** Private members, which only standard decorators can decorate. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same } from '../runner.js'
import { names } from '../world.js'

behaviour('private: a method', async ({ options, spans, reports }) => {
  class Orders {
    readonly #id = 7
    @Flushed({ ...options, name: 'create' })
    async #create(given: string) {
      return `${given} ${this.#id} ${this.#price(2)}`
    }
    @Traced('price')
    #price(amount: number) {
      return amount * this.#id
    }
    create(given: string) {
      return this.#create(given)
    }
  }
  is(await new Orders().create('order'), 'order 7 14')
  same(names(spans), ['price', 'create'])
  is(reports.length, 1, 'flushes')
})

behaviour('private: a static method', async ({ options, spans }) => {
  class Orders {
    static readonly #shop = 'books'
    @Flushed({ ...options, name: 'create' })
    static async #create() {
      return this.#shop
    }
    static create() {
      return this.#create()
    }
  }
  is(await Orders.create(), 'books')
  same(names(spans), ['create'])
})

behaviour('private: getters and setters', ({ ended }) => {
  class Orders {
    #stored = 1
    @Traced('get')
    get #rate() {
      return this.#stored
    }
    @Traced('set')
    set #rate(to: number) {
      this.#stored = to
    }
    raise() {
      this.#rate = 3
      return this.#rate
    }
  }
  is(new Orders().raise(), 3)
  same(names(ended), ['set', 'get'])
})

behaviour('private: the default name has the number sign', async ({ options, spans }) => {
  class Orders {
    @Flushed(options)
    async #create() {}
    create() {
      return this.#create()
    }
  }
  await new Orders().create()
  same(names(spans), ['Orders.#create'])
})
