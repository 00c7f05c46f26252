/** Metadata that is kept by class and key, on parameters, and by the compiler. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same } from '../runner.js'

interface WithMetadata {
  defineMetadata(key: unknown, value: unknown, target: object, property?: string | symbol): void
  getMetadata(key: unknown, target: object, property?: string | symbol): unknown
}
const metadata = Reflect as unknown as WithMetadata

const designOf = (target: object, key: string) =>
  ['design:type', 'design:paramtypes', 'design:returntype'].map((design) => metadata.getMetadata(design, target, key))

/** As Nest's `@Body()` and `@Query()` keep it: under the class, by the method's key. */
const Param = () => (target: object, key: string | symbol | undefined, index: number) => {
  const before = (metadata.getMetadata('params', target.constructor, key) as number[] | undefined) ?? []
  metadata.defineMetadata('params', [...before, index], target.constructor, key)
}

behaviour(
  'metadata: of parameters, and by key',
  ({ options }) => {
    const Keyed = (value: string) => (target: object, key: string | symbol) => metadata.defineMetadata('keyed', value, target, key)
    class Orders {
      @Keyed('above')
      @Flushed(options)
      async create(@Param() _one: string, @Param() _two: string) {}
      @Traced()
      @Keyed('below')
      price(@Param() _amount: number) {}
    }
    same(metadata.getMetadata('params', Orders, 'create'), [1, 0])
    same(metadata.getMetadata('params', Orders, 'price'), [0])
    is(metadata.getMetadata('keyed', Orders.prototype, 'create'), 'above')
    is(metadata.getMetadata('keyed', Orders.prototype, 'price'), 'below')
  },
  { reflect: true },
)

behaviour(
  'metadata: types that were compiled into it',
  ({ options }) => {
    class Money {}
    class Orders {
      @Flushed(options)
      async create(_id: string, _amount: Money): Promise<void> {}
      @Traced()
      price(_count: number): string {
        return ''
      }
    }
    const [type, params, result] = designOf(Orders.prototype, 'create')
    is(type, Function)
    same((params as unknown[]).map((each) => each === String || each === Money), [true, true])
    is(result, Promise)
    const price = designOf(Orders.prototype, 'price')
    same([price[0] === Function, (price[1] as unknown[])[0] === Number, price[2] === String], [true, true, true])
  },
  { reflect: true, emitted: true },
)

behaviour(
  'metadata: no types where none are compiled into it',
  ({ options }) => {
    class Orders {
      @Flushed(options)
      async create(_id: string): Promise<void> {}
    }
    same(designOf(Orders.prototype, 'create'), [undefined, undefined, undefined])
  },
  { reflect: true, emitted: false },
)

behaviour(
  'metadata: ours is under a key of ours',
  ({ options }) => {
    const wrapped = Symbol.for('flushed.wrapped')
    class Orders {
      @Flushed(options)
      async create() {}
      @Traced()
      price() {}
    }
    same(['create', 'price'].map((key) => metadata.getMetadata(wrapped, Orders.prototype, key)), ['Flushed', 'Traced'])
    const info = metadata.getMetadata(wrapped, Orders.prototype.create) as { decorator: string; original: object }
    same([info.decorator, typeof info.original], ['Flushed', 'function'])
  },
  { reflect: true },
)
