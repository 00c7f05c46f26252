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

const symbols = Symbol as unknown as { metadata?: symbol }
const wrapped = Symbol.for('flushed.wrapped')

/** Makes classes while there is a `Symbol.metadata`, and reads flushed's metadata from the class that `make` returns. */
function metadataOf(make: () => object): Record<string, string> {
  const before = symbols.metadata
  const key = (symbols.metadata ??= Symbol.for('Symbol.metadata'))
  try {
    return (make() as Record<symbol, Record<symbol, Record<string, string>>>)[key]?.[wrapped] ?? {}
  } finally {
    if (!before) delete symbols.metadata
  }
}

behaviour('metadata: ours is in that of the class, where there is `Symbol.metadata`', ({ options }) => {
  const metadata = metadataOf(() => {
    class Orders {
      @Flushed(options)
      async create() {}
      @Traced()
      price() {}
    }
    return Orders
  })
  same(Object.entries(metadata), [['create', 'Flushed'], ['price', 'Traced']])
})

behaviour('metadata: ours is inherited', ({ options }) => {
  const metadata = metadataOf(() => {
    class Orders {
      @Flushed(options)
      async create() {}
    }
    class Sales extends Orders {
      @Traced()
      charge() {}
    }
    return Sales
  })
  same([metadata.charge, metadata.create], ['Traced', 'Flushed'])
})
