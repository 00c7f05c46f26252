/** What compiles, and what does not. Checked by `npm run types`; nothing here is run. */
import { withTelemetry } from 'flushed/workers'
import { expectTypeOf } from 'vitest'

interface Env {
  readonly COLLECTOR: string
}

declare abstract class DurableObject<E> {
  protected ctx: object
  protected env: E
  constructor(ctx: object, env: E)
}

class Room extends DurableObject<Env> {
  readonly #open = true

  enter(name: string): number {
    return this.#open ? name.length : 0
  }
}

// A wrapped class is of the class's type, and its options know its bindings.
const Wrapped = withTelemetry(Room, (env) => ({ name: env.COLLECTOR }))
expectTypeOf(Wrapped).toEqualTypeOf<typeof Room>()
expectTypeOf<InstanceType<typeof Wrapped>['enter']>().returns.toBeNumber()
// @ts-expect-error -- there is no such binding
withTelemetry(Room, (env) => ({ name: env.NOPE }))
