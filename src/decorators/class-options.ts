/**
 * Options that a class has for all of its methods.
 *
 * @module
 */
import type { Attributes } from '@opentelemetry/api'
import type { AnyFunction } from '../core/layer.ts'
import type { TelemetryOptions } from '../core/options.ts'
import type { PlatformWrap } from './types.ts'

/** Options as they are passed on, once they have been checked. */
export interface Given extends TelemetryOptions {
  readonly wrap?: PlatformWrap | undefined
  readonly context?: AnyFunction | undefined
}

/** The property of a class that holds the options its methods have, those of the classes it extends included. */
export const TELEMETRY: unique symbol = Symbol.for('flushed.telemetry') as never

type Class = AnyFunction & { readonly [TELEMETRY]?: Given }

/** The class of an instance, or of a static method. */
export function classOf(owner: unknown): Class | undefined {
  const found: unknown = typeof owner === 'function' ? owner : (owner as object | null | undefined)?.constructor
  return typeof found === 'function' ? (found as Class) : undefined
}

type More = Attributes | ((...args: never[]) => Attributes) | undefined

const attributesFor = (more: More, args: unknown[]) => (typeof more === 'function' ? more(...(args as never[])) : more)

/** Those of a class, or of one it extends, and a method's own, or those of a class that extends it. */
export function merged(outer: Given | undefined, inner: Given): Given {
  if (!outer) return inner
  // What only one platform knows, another would refuse.
  const { telemetry, timeoutMs, flush, onFlush, attributes, logger, context } = outer
  const common: Given = { telemetry, timeoutMs, flush, onFlush, attributes, logger, context }
  const own = Object.entries(inner).filter(([, value]) => value !== undefined)
  const both: Given = { ...(inner.wrap && inner.wrap !== outer.wrap ? common : outer), ...Object.fromEntries(own) }
  if (!attributes || !inner.attributes) return both
  return {
    ...both,
    attributes:
      typeof attributes === 'function' || typeof inner.attributes === 'function'
        ? (...args: unknown[]) => ({ ...attributesFor(attributes, args), ...attributesFor(inner.attributes, args) })
        : { ...attributes, ...inner.attributes },
  }
}
