/** The metadata of standard decorators. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same } from '../runner.js'

behaviour('metadata: names, kinds and `access` reach decorators above and below', ({ options }) => {
  const seen: unknown[] = []
  const look = (where: string) => (method: (...args: never[]) => unknown, context: ClassMethodDecoratorContext) => {
    seen.push([where, context.kind, context.name, context.static, method.name, method.length])
  }
  class Orders {
    @look('above')
    @Flushed(options)
    @Traced()
    @look('below')
    async create(_order: object) {}
  }
  is(Orders.prototype.create.length, 1)
  same(seen, [
    ['below', 'method', 'create', false, 'create', 1],
    ['above', 'method', 'create', false, 'create', 1],
  ])
})
