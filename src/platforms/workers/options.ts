import { type TelemetryOptions, resolveOptions } from '../../core/options.ts'
import { settingsFor } from '../../web/environment.ts'
import { type StreamingOptions, idleMsOf } from '../../web/streaming.ts'
import type { Settings } from './platform.ts'

/** Options of a Worker. */
export interface WorkersOptions<Args extends readonly unknown[] = readonly never[]>
  extends TelemetryOptions<Args>,
    StreamingOptions {}

/** Options, or a function that makes them from the Worker's bindings: called once per isolate, at the first event. */
export type WorkersOptionsInput<Env = never, Args extends readonly unknown[] = readonly never[]> =
  | WorkersOptions<Args>
  | ((env: Env) => WorkersOptions<Args>)

/** Checks the options. @throws TypeError naming the option and quoting the value */
const resolve = (options: WorkersOptions<never> = {}): Settings => ({
  config: resolveOptions(options, ['streamIdleMs']),
  idleMs: idleMsOf(options),
})

/** The settings for an environment. @throws TypeError for bad options given directly */
export const settingsOf = (options: WorkersOptionsInput<never, never> | undefined): ((env: unknown) => Settings | undefined) =>
  settingsFor(options, resolve)
