/** What legacy decorators cannot decorate, since they do not get it. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, refused } from '../runner.js'

type Untyped = (...args: unknown[]) => never

behaviour('fields: are refused, with what can be written instead', async ({ options }) => {
  await refused(() => {
    class Orders {
      @(Flushed(options) as unknown as Untyped)
      create = async () => {}
    }
    return Orders
  }, /create/)
  await refused(() => {
    class Orders {
      @(Traced() as unknown as Untyped)
      price = () => 1
    }
    return Orders
  }, /price/)
})

behaviour('parameters: are refused', async ({ options }) => {
  await refused(() => {
    class Orders {
      async create(@(Flushed(options) as unknown as Untyped) _order: object) {}
    }
    return Orders
  }, /parameter/)
})
