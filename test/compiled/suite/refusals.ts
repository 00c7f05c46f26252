/** Decorators refuse what they cannot decorate, and misspelled options, while the class is made. */
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { behaviour, refused } from './runner.js'

type Anything = (...args: unknown[]) => never

/** For what the types refuse too. */
const untyped = (decorator: unknown) => decorator as Anything

behaviour('refused: without parentheses', async () => {
  await refused(() => {
    class Orders {
      @untyped(Flushed)
      async create() {}
    }
    return Orders
  }, /@Flushed\(/)
  await refused(() => {
    class Orders {
      @untyped(Traced)
      price() {}
    }
    return Orders
  }, /@Traced\(/)
  await refused(() => {
    @untyped(Telemetry)
    class Orders {}
    return Orders
  }, /@Telemetry\(/)
})

behaviour('refused: a decorator of methods on a class, and the other way round', async ({ options }) => {
  await refused(() => {
    @untyped(Flushed(options))
    class Orders {}
    return Orders
  }, /@Telemetry/)
  await refused(() => {
    @untyped(Traced())
    class Orders {}
    return Orders
  }, /@Traced/)
  await refused(() => {
    class Orders {
      @untyped(Telemetry(options))
      async create() {}
    }
    return Orders
  }, /@Flushed/)
})

behaviour('refused: @Flushed on a getter', async ({ options }) => {
  await refused(() => {
    class Orders {
      @untyped(Flushed(options))
      get price() {
        return 1
      }
    }
    return Orders
  }, /@Flushed.*price|price.*@Flushed|getter/)
})

behaviour('refused: options that there are not, and bad values', async () => {
  await refused(() => Flushed({ timeOutMs: 1 } as object), /timeOutMs/)
  await refused(() => Flushed({ timeoutMs: -1 }), /timeoutMs.*-1/)
  await refused(() => Flushed('create' as never), /create/)
  await refused(() => Flushed({ wrap: 'lambda' } as never), /wrap.*lambda/)
  await refused(() => Flushed({ context: 7 } as never), /context.*7/)
  await refused(() => Telemetry({ timeoutms: 1 } as object), /timeoutms/)
  await refused(() => Traced({ nam: 'x' } as object), /nam/)
  await refused(() => Traced({ kind: 'client' } as never), /kind.*client/)
  await refused(() => Traced(7 as never), /7/)
})
