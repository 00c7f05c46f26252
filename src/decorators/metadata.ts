/**
 * What wrappers carry on from what they wrap, and what is known of them afterwards.
 *
 * @module
 */
import { type AnyFunction, WRAPPED, type WrapInfo, dressed } from '../core/layer.ts'

/** What `reflect-metadata` adds to `Reflect`, where somebody has imported it. */
interface ReflectMetadata {
  getOwnMetadataKeys?(target: object): unknown[]
  getOwnMetadata?(key: unknown, target: object): unknown
  defineMetadata?(key: unknown, value: unknown, target: object, property?: PropertyKey): void
}

const reflect = Reflect as ReflectMetadata

/** What a decorated method carries under `Symbol.for('flushed.wrapped')`. */
export interface DecoratedInfo extends WrapInfo {
  /** The decorator that has wrapped it. */
  readonly decorator: string
}

/**
 * Gives a wrapper the name, length, own properties and metadata of what it wraps. Frameworks such as Nest keep theirs on the
 * method itself: decorators further up will find the wrapper, those further down have found what it wraps.
 */
export function carryOn(wrapper: AnyFunction, original: AnyFunction, decorator: string): AnyFunction {
  const info: DecoratedInfo = { platform: 'decorators', decorator, original }
  dressed(wrapper, original, info)
  for (const key of reflect.getOwnMetadataKeys?.(original) ?? []) {
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, original), wrapper)
  }
  reflect.defineMetadata?.(WRAPPED, info, wrapper)
  return wrapper
}

/** Notes something in the metadata that a standard decorator is given, which inherits that of the class it extends. Few compilers have it. */
export function note(metadata: DecoratorMetadataObject | undefined, key: symbol, value: unknown, member?: PropertyKey): void {
  if (!metadata) return
  if (member === undefined) {
    metadata[key] = value
    return
  }
  if (!Object.hasOwn(metadata, key)) metadata[key] = Object.create((metadata[key] as object | undefined) ?? null)
  ;(metadata[key] as Record<PropertyKey, unknown>)[member] = value
}

/** The same for `reflect-metadata`. */
export const defineMetadata = (...args: [key: symbol, value: unknown, target: object, member?: PropertyKey]): void =>
  // With an `undefined` as the last argument it would be the metadata of a member of that name.
  reflect.defineMetadata?.(...args)
