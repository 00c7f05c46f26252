import { badOption } from '../core/errors.ts'
import { type Class, type ClassOptions, type Given, TELEMETRY, merged, resolved } from './class-options.ts'
import { isContext, misplaced } from './decorator.ts'
import { type FlushedOptions, type WrappedOptions, checkFlushed } from './flushed.ts'
import { defineMetadata, note } from './metadata.ts'
import type { PlatformWrap, TelemetryDecorator } from './types.ts'

/** Options, or a function that makes them from the bindings in an instance's `env`. It is called at the first call. */
type OrMade<O, Env> = O | ((env: Env) => O)

/**
 * Sets the options of all `@Flushed()` methods of a class, and of the classes that extend it.
 *
 * A method's own options override them, and so do the options of a class that extends this one. Attributes of all are combined.
 * `@Traced()` methods that are called outside an invocation use the class's `telemetry`. On Cloudflare Workers, where nothing
 * is made before the first event, options may be a function of the instance's `env`. If the function fails, the failure is
 * reported once, and there are no options.
 *
 * @throws TypeError if it stands on something that it cannot decorate, or if an option is unknown or has a bad value
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

// A function that makes options need not be an arrow function, so look at whether `prototype` is writable.
const isClass = (value: unknown): boolean =>
  typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
