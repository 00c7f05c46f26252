/**
 * `flushed` as a middleware of Hono, wherever that runs.
 *
 * @module
 */
export { telemetry } from './middleware.ts'
export type { HonoContext, HonoMiddleware, RouteLike } from './context.ts'
export type { HonoOptions, HonoOptionsInput } from './options.ts'
// Of what is not exported here, the declarations would name another entry that does: one that needs Node's types.
export type { DrainOptions } from '../../server/drain.ts'
export type { WaitUntil } from '../../web/wait-until.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
