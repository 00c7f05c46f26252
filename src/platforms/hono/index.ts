/**
 * `flushed` as a Hono middleware, wherever Hono runs.
 *
 * @module
 */
export { telemetry } from './middleware.ts'
export type { HonoContext, HonoMiddleware, RouteLike } from './context.ts'
export type { HonoOptions, HonoOptionsInput } from './options.ts'
// Without these exports, the declarations would refer to another entry that has them, and that entry needs Node's types.
export type { DrainOptions } from '../../server/drain.ts'
export type { WaitUntil } from '../../web/wait-until.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
