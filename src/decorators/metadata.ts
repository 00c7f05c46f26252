/**
 * What wrappers take over from what they wrap, and what can be found out about them afterwards.
 *
 * @module
 */
import { type AnyFunction, WRAPPED, type WrapInfo, dressed } from '../core/layer.ts'

/** What `reflect-metadata` adds to `Reflect`, if somebody has imported it. */
interface ReflectMetadata {
  getOwnMetadataKeys?(target: object): unknown[]
  getOwnMetadata?(key: unknown, target: object): unknown
  defineMetadata?(key: unknown, value: unknown, target: object, property?: PropertyKey): void
}

const reflect = Reflect as ReflectMetadata

/** What a decorated method carries under `Symbol.for('flushed.wrapped')`. */
export interface DecoratedInfo extends WrapInfo {
  /** The decorator that wrapped the method. */
  readonly decorator: string
}

/**
 * Gives a wrapper the name, length, own properties and metadata of what it wraps. Frameworks such as Nest keep their metadata
 * on the method itself: decorators above this one will find the wrapper, those below it have found what it wraps.
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

/**
 * Records a value in the metadata object that a standard decorator gets. The object inherits the metadata of the class that
 * this class extends. Few compilers provide it.
 */
export function note(metadata: DecoratorMetadataObject | undefined, key: symbol, value: unknown, member?: PropertyKey): void {
  if (!metadata) return
  if (member === undefined) {
    metadata[key] = value
    return
  }
  if (!Object.hasOwn(metadata, key)) metadata[key] = Object.create((metadata[key] as object | undefined) ?? null)
  ;(metadata[key] as Record<PropertyKey, unknown>)[member] = value
}

/** Records a value with `reflect-metadata`. */
export const defineMetadata = (...args: [key: symbol, value: unknown, target: object, member?: PropertyKey]): void =>
  // With `undefined` as the last argument, it would be the metadata of a member named `undefined`.
  reflect.defineMetadata?.(...args)
