/**
 * Options that a class has for all of its methods.
 *
 * @module
 */
import type { Attributes } from '@opentelemetry/api'
import { toError } from '../core/errors.ts'
import { once } from '../core/isolate.ts'
import type { AnyFunction } from '../core/layer.ts'
import type { TelemetryOptions } from '../core/options.ts'
import { read } from '../core/reading.ts'
import { remembered } from '../core/remembered.ts'
import type { PlatformWrap } from './types.ts'

/** Options that have been checked, as they are passed on. */
export interface Given extends TelemetryOptions<readonly never[]> {
  readonly wrap?: PlatformWrap | undefined
  readonly context?: AnyFunction | undefined
}

/** The property of a class that holds the options of its methods, including those of the classes it extends. */
export const TELEMETRY: unique symbol = Symbol.for('flushed.telemetry') as never

/** Options of a class, or a function that makes them from the bindings in an instance's `env`. */
export type ClassOptions = Given | ((env: never) => Given)

export type Class = AnyFunction & { readonly [TELEMETRY]?: ClassOptions }

// The class of a value that has none. Passed as an argument, so that the function does not take the constant's name.
const nobody = Object(() => {}) as Class

/** The class of an instance, or of a static method. */
export function classOf(owner: unknown): Class {
  const found = typeof owner === 'function' ? owner : read(owner, 'constructor')
  return typeof found === 'function' ? (found as Class) : nobody
}

/** A class's name, or `''` if it has none: a static member may hide it. */
function nameOf(home: Class): string {
  const name = read(home, 'name')
  // esbuild puts an underscore before the name of a class whose members refer to it.
  return typeof name === 'string' ? name.replace(/^_/, '') : ''
}

/** The name that spans use for a member. */
export function nameIn(home: Class, member: string): string {
  const name = nameOf(home)
  return name ? `${name}.${member}` : member
}

const NONE: Given = {}

/** The options of a class. If a function makes them and fails, the failure is reported once, and there are no options. */
export const optionsOf = remembered((home: Class, owner: unknown): Given => {
  try {
    return resolved(home[TELEMETRY], read(owner, 'env'))
  } catch (thrown) {
    const why = `since they failed: ${toError(thrown).message}`
    if (once(why)) console.error(`flushed: no options for ${nameOf(home)}, ${why}`)
    return NONE
  }
})

/** Returns options as they are, or calls the function that makes them: once for all classes that share the function. */
export const resolved = (options: ClassOptions = NONE, env: unknown): Given => (typeof options === 'function' ? made(options, env) : options)

const made = remembered((make: (env: never) => Given, env: unknown) => make(env as never))

type More = Attributes | ((...args: never[]) => Attributes) | undefined

const attributesFor = (more: More, args: unknown[]) => (typeof more === 'function' ? more(...(args as never[])) : more)

/** Merges the options of a class, or of one it extends, with a method's own, or with those of a class that extends it. */
export function merged(outer: Given, inner: Given): Given {
  // An option that only one platform knows would be refused by another.
  const { telemetry, timeoutMs, flush, onFlush, attributes, logger, context } = outer
  const common: Given = { telemetry, timeoutMs, flush, onFlush, attributes, logger, context }
  const own = Object.entries(inner).filter(([, value]) => value !== undefined)
  return {
    ...(inner.wrap && inner.wrap !== outer.wrap ? common : outer),
    ...Object.fromEntries(own),
    attributes: attributes && inner.attributes
      ? (...args: unknown[]) => ({ ...attributesFor(attributes, args), ...attributesFor(inner.attributes, args) })
      : attributes ?? inner.attributes,
  }
}
