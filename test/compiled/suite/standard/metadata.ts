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

const wrapped = Symbol.for('flushed.wrapped')

behaviour('metadata: ours is in that of the class, where there is `Symbol.metadata`', ({ options }) => {
  const symbols = Symbol as unknown as { metadata?: symbol }
  const before = symbols.metadata
  const key = (symbols.metadata ??= Symbol.for('Symbol.metadata'))
  try {
    class Orders {
      @Flushed(options)
      async create() {}
      @Traced()
      price() {}
    }
    class Sales extends Orders {
      @Traced()
      charge() {}
    }
    const metadataOf = (target: object) => (target as Record<symbol, Record<symbol, Record<string, string>>>)[key]?.[wrapped] ?? {}
    same(Object.entries(metadataOf(Orders)), [['create', 'Flushed'], ['price', 'Traced']])
    same([metadataOf(Sales).charge, metadataOf(Sales).create], ['Traced', 'Flushed'])
  } finally {
    if (!before) delete symbols.metadata
  }
})
