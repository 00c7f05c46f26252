/**
 * `flushed` for Next.js: route handlers, the proxy, server actions.
 *
 * @module
 */
export { after } from './after.ts'
export { type NextOptions, telemetry, withTelemetry } from './wrap.ts'
export type { WaitUntil } from '../../web/wait-until.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { AnyFunction, Layer } from '../../core/layer.ts'
export type { Wrapped, WrapLayer } from '../../core/with-telemetry.ts'
