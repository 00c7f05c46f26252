/**
 * Options that are made of what a platform gives to a program only with its first event.
 *
 * @module
 */
import { toError } from '../core/errors.ts'
import { once } from '../core/isolate.ts'
import { isThenable } from '../core/stage.ts'

/** By the functions that make them: what has one in common has one telemetry. */
const made = new WeakMap<object, { readonly options: unknown }>()

function madeOf<O>(make: (env: never) => O, env: unknown): O {
  let known = made.get(make)
  if (!known) made.set(make, (known = { options: make(env as never) }))
  return known.options as O
}

/**
 * The settings for an environment. Options that are there are checked now; those that a function makes, when it is called:
 * where they are bad then, that is told once, and handlers run without telemetry.
 *
 * @throws TypeError what `resolve` throws of options that are there
 */
export function settingsFor<O, S>(options: O | ((env: never) => O), resolve: (options: O) => S): (env: unknown) => S | undefined {
  let asked = typeof options !== 'function'
  let settings = asked ? resolve(options as O) : undefined
  return (env) => {
    // Not by the identity of `env`: that of a server is a request's, and a Worker may hand on a copy for each.
    if (asked) return settings
    asked = true
    try {
      const given = madeOf(options as (env: never) => O, env)
      if (isThenable(given)) {
        // Nobody waits for it, whatever it comes to.
        void Promise.resolve(given).catch(() => {})
        throw new TypeError('they may not be a promise')
      }
      settings = resolve(given)
    } catch (thrown) {
      const line = `flushed: no telemetry, since its options failed: ${toError(thrown).message}`
      if (once(line)) console.error(line)
    }
    return settings
  }
}
