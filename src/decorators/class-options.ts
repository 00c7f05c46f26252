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

/** Options as they are passed on, once they have been checked. */
export interface Given extends TelemetryOptions<readonly never[]> {
  readonly wrap?: PlatformWrap | undefined
  readonly context?: AnyFunction | undefined
}

/** The property of a class that holds the options its methods have, those of the classes it extends included. */
export const TELEMETRY: unique symbol = Symbol.for('flushed.telemetry') as never

/** Options of a class, or what makes them of the bindings that an instance has as its `env`. */
export type ClassOptions = Given | ((env: never) => Given)

export type Class = AnyFunction & { readonly [TELEMETRY]?: ClassOptions }

// Of what has none. As an argument it gets no name of the constant's.
const nobody = Object(() => {}) as Class

/** The class of an instance, or of a static method. */
export function classOf(owner: unknown): Class {
  const found = typeof owner === 'function' ? owner : read(owner, 'constructor')
  return typeof found === 'function' ? (found as Class) : nobody
}

/** A class's name, if it has one: a static member may hide it. */
function nameOf(home: Class): string {
  const name = read(home, 'name')
  // esbuild puts an underscore before the name of a class whose members refer to it.
  return typeof name === 'string' ? name.replace(/^_/, '') : ''
}

/** The name of a member in spans. */
export function nameIn(home: Class, member: string): string {
  const name = nameOf(home)
  return name ? `${name}.${member}` : member
}

const NONE: Given = {}

/** The options of a class. Where they are to be made, and cannot be, that is told once, and there are none. */
export const optionsOf = remembered((home: Class, owner: unknown): Given => {
  try {
    return resolved(home[TELEMETRY], read(owner, 'env'))
  } catch (thrown) {
    const why = `since they failed: ${toError(thrown).message}`
    if (once(why)) console.error(`flushed: no options for ${nameOf(home)}, ${why}`)
    return NONE
  }
})

/** Options as they are, or made: once for all classes that have the function in common. */
export const resolved = (options: ClassOptions = NONE, env: unknown): Given => (typeof options === 'function' ? made(options, env) : options)

const made = remembered((make: (env: never) => Given, env: unknown) => make(env as never))

type More = Attributes | ((...args: never[]) => Attributes) | undefined

const attributesFor = (more: More, args: unknown[]) => (typeof more === 'function' ? more(...(args as never[])) : more)

/** Those of a class, or of one it extends, and a method's own, or those of a class that extends it. */
export function merged(outer: Given, inner: Given): Given {
  // What only one platform knows, another would refuse.
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
