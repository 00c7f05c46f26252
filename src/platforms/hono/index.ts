/**
 * `flushed` as a middleware of Hono, wherever that runs.
 *
 * @module
 */
export { telemetry } from './middleware.ts'
export type { HonoContext, HonoMiddleware, RouteLike } from './context.ts'
export type { HonoOptions, HonoOptionsInput } from './options.ts'
export type { WaitUntil } from '../../web/wait-until.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
