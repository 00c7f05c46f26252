/** `@Flushed` and `@Traced` beside other people's decorators. */
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, same } from './runner.js'
import { names } from './world.js'

type Method = (this: unknown, ...args: unknown[]) => unknown

/** A decorator of both kinds that replaces the method, as caches, retries and transactions do. */
function around(log: string[], name: string) {
  const replacing = (method: Method): Method =>
    async function (this: unknown, ...args) {
      log.push(`${name} begins`)
      const result = await method.apply(this, args)
      log.push(`${name} ends`)
      return result
    }
  return ((target: Method, _at: unknown, descriptor?: { value: Method }) => {
    if (!descriptor) return replacing(target)
    descriptor.value = replacing(descriptor.value)
  }) as (...args: unknown[]) => never
}

behaviour('order: decorators above are outside, decorators below inside', async ({ options, spans }) => {
  const log: string[] = []
  class Orders {
    @around(log, 'above')
    @Flushed({ ...options, onFlush: () => void log.push('flushed') })
    @around(log, 'below')
    async create() {
      log.push('runs')
      return 'created'
    }
  }
  same(await new Orders().create(), 'created')
  same(log, ['above begins', 'below begins', 'runs', 'below ends', 'flushed', 'above ends'])
  same(names(spans), ['Orders.create'])
})

behaviour('order: spans of decorators in between', async ({ options, spans }) => {
  const log: string[] = []
  class Orders {
    @Flushed(options)
    @around(log, 'between')
    @Traced('inner')
    async create() {
      return 'created'
    }
  }
  same(await new Orders().create(), 'created')
  same(log, ['between begins', 'between ends'])
  same(names(spans), ['inner', 'Orders.create'])
})
