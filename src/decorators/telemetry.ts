import { badOption } from '../core/errors.ts'
import { type Given, TELEMETRY, classOf, merged } from './class-options.ts'
import { type Second, isBare, isContext, misplaced } from './decorator.ts'
import { type FlushedOptions, type WrappedOptions, checkFlushed } from './flushed.ts'
import { defineMetadata, note } from './metadata.ts'
import type { PlatformWrap, TelemetryDecorator } from './types.ts'

/**
 * Options for all methods of a class that have `@Flushed()`, and of the classes that extend it. A method's own options
 * outrank them, as do those of a class that extends it; attributes are those of all. `@Traced()` methods that are called
 * outside of an invocation use its `telemetry`.
 *
 * @throws TypeError when it stands where it cannot, or an option is unknown or has a bad value
 *
 * @example
 * @Telemetry({ wrap: withTelemetry, telemetry, timeoutMs: 1000 })   // of `flushed/lambda`
 * class Orders { … }
 */
export function Telemetry<W extends PlatformWrap>(options: Omit<WrappedOptions<W>, 'name'>): TelemetryDecorator
export function Telemetry(options: Omit<FlushedOptions, 'name'> & { wrap?: never }): TelemetryDecorator
export function Telemetry(...given: [options: object]): TelemetryDecorator {
  if (isBare(given)) throw badOption('write `@Telemetry({ … })`, with options, before a class')
  const own = given[0] as Given
  if (own && 'name' in own) throw badOption('`@Telemetry()` has no option `name`; write `@Flushed({ name })`')
  checkFlushed(own)
  return (target: unknown, second?: Second) => {
    const isClass = isContext(second) ? second.kind === 'class' : second === undefined && typeof target === 'function'
    if (!isClass) throw misplaced('Telemetry()', 'a member of a class', 'write it before the class, or `@Flushed({ … })` here')
    const options = merged(classOf(target)?.[TELEMETRY], own)
    Object.defineProperty(target, TELEMETRY, { value: options, configurable: true })
    note(isContext(second) ? second.metadata : undefined, TELEMETRY, options)
    defineMetadata(TELEMETRY, options, target as object)
  }
}
