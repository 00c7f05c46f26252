/**
 * `flushed` as decorators of methods and classes, standard (TC39) and legacy (`experimentalDecorators`) ones alike.
 *
 * @module
 */
export { Flushed, type FlushedOptions, type WrappedOptions } from './flushed.ts'
export type { DecoratedInfo } from './metadata.ts'
export { Telemetry } from './telemetry.ts'
export { Traced, type TracedOptions } from './traced.ts'
export type { FlushedDecorator, PlatformWrap, TelemetryDecorator, TracedDecorator } from './types.ts'
export { type Endable, adopt } from '../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../core/current.ts'
