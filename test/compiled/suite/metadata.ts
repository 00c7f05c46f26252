/** What other decorators write onto a method stays on it, with ours above or below. */
import { wrapInfo } from 'flushed'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { behaviour, is, same } from './runner.js'

interface WithMetadata {
  defineMetadata(key: unknown, value: unknown, target: object): void
  getMetadata(key: unknown, target: object): unknown
  getMetadataKeys(target: object): unknown[]
}
export const metadata = Reflect as unknown as WithMetadata

/** Metadata on the function, as Nest's `SetMetadata` writes it, for both kinds of decorators. */
function Role(role: string) {
  return (target: unknown, _at: unknown, descriptor?: { value?: unknown }): void =>
    metadata.defineMetadata('role', role, (descriptor ? descriptor.value : target) as object)
}

/** The same as a property of the function. */
function Tagged(tag: string) {
  return (target: unknown, _at: unknown, descriptor?: { value?: unknown }): void => {
    Object.assign((descriptor ? descriptor.value : target) as object, { tag })
  }
}

behaviour('metadata: properties of the function, above and below', ({ options }) => {
  class Orders {
    @Tagged('above')
    @Flushed(options)
    async create() {}
    @Flushed(options)
    @Tagged('below')
    async remove() {}
    @Tagged('above')
    @Traced()
    price() {}
    @Traced()
    @Tagged('below')
    charge() {}
  }
  const { create, remove, price, charge } = Orders.prototype as unknown as Record<string, { tag?: string }>
  same([create?.tag, remove?.tag, price?.tag, charge?.tag], ['above', 'below', 'above', 'below'])
})

behaviour(
  'metadata: of reflect-metadata, above and below',
  ({ options }) => {
    class Orders {
      @Role('above')
      @Flushed(options)
      async create() {}
      @Flushed(options)
      @Role('below')
      async remove() {}
      @Role('above')
      @Traced()
      price() {}
      @Traced()
      @Role('below')
      charge() {}
      @Role('above')
      @Traced()
      @Flushed(options)
      async both() {}
      @Traced()
      @Flushed(options)
      @Role('below')
      async again() {}
    }
    const { create, remove, price, charge, both, again } = Orders.prototype
    same(
      [create, remove, price, charge, both, again].map((method) => metadata.getMetadata('role', method)),
      ['above', 'below', 'above', 'below', 'above', 'below'],
    )
  },
  { reflect: true },
)

behaviour(
  'metadata: what comes later to one of two methods is not on the other',
  ({ options }) => {
    const shared = async () => {}
    class Orders {
      @Flushed(options)
      @Role('admin')
      async create() {}
      @Flushed(options)
      async list() {}
    }
    metadata.defineMetadata('later', 1, Orders.prototype.create)
    is(metadata.getMetadata('later', Orders.prototype.list), undefined)
    is(metadata.getMetadata('role', Orders.prototype.list), undefined)
    is(metadata.getMetadata('role', shared), undefined)
  },
  { reflect: true },
)

behaviour('metadata: a wrapped method tells what it was wrapped with', ({ options }) => {
  const original = async () => {}
  const replaced = (_target: unknown, _at: unknown, descriptor?: { value?: unknown }): void => {
    if (descriptor) descriptor.value = original
  }
  class Orders {
    @Flushed(options)
    async create() {}
    @Flushed(options)
    @(replaced as (...args: unknown[]) => void)
    async remove() {}
  }
  const { create } = Orders.prototype
  is(wrapInfo(create)?.platform !== undefined, true, 'platform')
  is(wrapInfo(create)?.original.name, 'create', 'original')
  is(wrapInfo(create)?.original === create, false)
})

behaviour('metadata: a class with @Telemetry keeps what others wrote on it', ({ options }) => {
  const marked = new WeakSet<object>()
  const mark = ((target: object) => void marked.add(target)) as (...args: unknown[]) => void
  @mark
  @Telemetry(options)
  class Above {}
  @Telemetry(options)
  @mark
  class Below {}
  is(marked.has(Above), true, 'above')
  is(marked.has(Below), true, 'below')
})
