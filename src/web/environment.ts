/**
 * Options that are made from what a platform gives to a program only with its first event.
 *
 * @module
 */
import { toError } from '../core/errors.ts'
import { once } from '../core/isolate.ts'
import { isThenable } from '../core/stage.ts'

/** The options by the function that made them: wraps that share a function share one telemetry. */
const made = new WeakMap<object, { readonly options: unknown }>()

function madeOf<O>(make: (env: never) => O, env: unknown): O {
  let known = made.get(make)
  if (!known) made.set(make, (known = { options: make(env as never) }))
  return known.options as O
}

/**
 * Makes a function that returns the settings for an environment.
 *
 * Options given directly are checked now. Options that a function makes are checked when that function is called: if they are
 * bad, a line in the log says so once, and handlers run without telemetry.
 *
 * @throws TypeError what `resolve` throws for options given directly
 */
export function settingsFor<O, S>(options: O | ((env: never) => O), resolve: (options: O) => S): (env: unknown) => S | undefined {
  let asked = typeof options !== 'function'
  let settings = asked ? resolve(options as O) : undefined
  return (env) => {
    // Not per `env` object: on a server, each request has its own, and a Worker may pass on a copy for each event.
    if (asked) return settings
    asked = true
    try {
      const given = madeOf(options as (env: never) => O, env)
      if (isThenable(given)) {
        // Nobody waits for the promise, whatever it settles with.
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
