/**
 * `flushed` on AWS Lambda.
 *
 * @module
 */
export { type LambdaLayer, type LambdaOptions, type LambdaWrapped, telemetry, withTelemetry } from './wrap.ts'
export type { Policy } from './policy.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { DisposableSpan, Invocation } from '../../core/types.ts'
export type { AnyFunction, Layer } from '../../core/layer.ts'
export type { Wrapped } from '../../core/with-telemetry.ts'
