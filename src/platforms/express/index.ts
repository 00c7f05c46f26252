/**
 * `flushed` for Express 5 and 4.
 *
 * @module
 */
export { type ExpressOptions, type TelemetryMiddleware, telemetry } from './middleware.ts'
export { type DrainOptions, drain } from '../../server/drain.ts'
export type { ServerOptions } from '../../server/options.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { DisposableSpan, Invocation } from '../../core/types.ts'
