/**
 * The runtime-agnostic surface of `flushed`.
 *
 * @module
 */
export { type Endable, adopt } from './core/adopt.ts'
export { currentInvocation, span, waitUntil } from './core/current.ts'
export { type ErrorCode, type FlushedError, isFlushedError } from './core/errors.ts'
export { type AnyFunction, type Layer, type WrapInfo, identity, layer, stack, wrapInfo } from './core/layer.ts'
export { type OpenInvocation, openInvocation } from './core/open-invocation.ts'
export type { TelemetryOptions } from './core/options.ts'
export { type StagesOptions, stages } from './core/stages.ts'
export type { StageInput, TelemetryInput } from './core/telemetry.ts'
export type {
  Clock,
  DisposableSpan,
  Flushable,
  FlushContext,
  FlushFunction,
  FlushReport,
  Invocation,
  Outcome,
  Phase,
  SpanCounts,
  Stage,
  StageReport,
  Telemetry,
} from './core/types.ts'
export { type WrapLayer, type Wrapped, telemetry, withTelemetry } from './core/with-telemetry.ts'
