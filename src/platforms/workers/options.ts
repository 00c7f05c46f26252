import { toError } from '../../core/errors.ts'
import { once } from '../../core/isolate.ts'
import { type TelemetryOptions, resolveOptions } from '../../core/options.ts'
import { type StreamingOptions, idleMsOf } from '../../web/streaming.ts'
import type { Settings } from './platform.ts'

/** Options of a Worker. */
export interface WorkersOptions<Args extends readonly unknown[] = readonly never[]>
  extends TelemetryOptions<Args>,
    StreamingOptions {}

/** Options, or a function that makes them of the Worker's bindings: called once an isolate, at its first event. */
export type WorkersOptionsInput<Env = never, Args extends readonly unknown[] = readonly never[]> =
  | WorkersOptions<Args>
  | ((env: Env) => WorkersOptions<Args>)

/** Checks the options. @throws TypeError naming the option and quoting the value */
const resolve = (options: WorkersOptions<never> = {}): Settings => ({
  idleMs: idleMsOf(options),
  config: resolveOptions(options, ['streamIdleMs']),
})

/**
 * The settings for an environment. Options that are there are checked now; those that a function makes, when it is called:
 * where they are bad then, that is told once, and handlers run without telemetry.
 */
export function settingsOf(options: WorkersOptionsInput<never, never> | undefined): (env: unknown) => Settings | undefined {
  if (typeof options !== 'function') {
    const settings = resolve(options)
    return () => settings
  }
  const shared = made.get(options)
  if (shared) return shared
  let known: { env: unknown; settings: Settings | undefined } | undefined
  const settings = (env: unknown) => {
    if (known?.env === env) return known?.settings
    known = { env, settings: undefined }
    try {
      known.settings = resolve(options(env as never))
    } catch (thrown) {
      if (once('options')) console.error(`flushed: no telemetry, since its options failed: ${toError(thrown).message}`)
    }
    return known.settings
  }
  made.set(options, settings)
  return settings
}

/** By the functions that make them: a Worker's handlers and classes that have one in common share its telemetry. */
const made = new WeakMap<object, (env: unknown) => Settings | undefined>()
