import { badOption } from '../core/errors.ts'
import { type Class, type ClassOptions, type Given, TELEMETRY, merged, resolved } from './class-options.ts'
import { isContext, misplaced } from './decorator.ts'
import { type FlushedOptions, type WrappedOptions, checkFlushed } from './flushed.ts'
import { defineMetadata, note } from './metadata.ts'
import type { PlatformWrap, TelemetryDecorator } from './types.ts'

/** Options, or a function that makes them of the bindings that an instance has as its `env`: called at the first call. */
type OrMade<O, Env> = O | ((env: Env) => O)

/**
 * Options for all methods of a class that have `@Flushed()`, and of the classes that extend it. A method's own options
 * outrank them, as do those of a class that extends it; attributes are those of all. `@Traced()` methods that are called
 * outside of an invocation use its `telemetry`. On Cloudflare Workers, where nothing is made before the first event, options
 * may be a function of the instance's `env`; if it fails, that is told once, and there are none.
 *
 * @throws TypeError when it stands where it cannot, or an option is unknown or has a bad value
 *
 * @example
 * @Telemetry({ wrap: withTelemetry, telemetry, timeoutMs: 1000 })   // of `flushed/lambda`
 * class Orders { … }
 */
export function Telemetry<W extends PlatformWrap, Env = unknown>(options: OrMade<Omit<WrappedOptions<W>, 'name'>, Env>): TelemetryDecorator
export function Telemetry<Env = unknown>(options: OrMade<Omit<FlushedOptions, 'name'> & { wrap?: never }, Env>): TelemetryDecorator
export function Telemetry(...args: [options: ClassOptions]): TelemetryDecorator {
  const [own] = args
  if (args.length > 1 || isClass(own)) throw badOption('write `@Telemetry({ … })`, with options, before a class')
  if (typeof own !== 'function') checked(own)
  return (target: unknown, second?: unknown) => {
    const right = isContext(second) ? second.kind === 'class' : second === undefined && typeof target === 'function'
    if (!right) throw misplaced('Telemetry', 'a member', 'write `@Flushed({ … })`')
    const outer = (target as Class)[TELEMETRY]
    const made = (env: unknown) => merged(resolved(outer, env), checked(resolved(own, env)))
    const options = typeof own === 'function' || typeof outer === 'function' ? made : made(undefined)
    Object.defineProperty(target, TELEMETRY, { value: options, configurable: true })
    note(isContext(second) ? second.metadata : undefined, TELEMETRY, options)
    defineMetadata(TELEMETRY, options, target as object)
  }
}

function checked(own: Given): Given {
  checkFlushed(own)
  if ('name' in own) throw badOption('unknown option `name` of `@Telemetry()`; write `@Flushed({ name })`')
  return own
}

// One that options are made by need not be an arrow function.
const isClass = (value: unknown): boolean =>
  typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
