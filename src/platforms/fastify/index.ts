/**
 * `flushed` for Fastify 5.
 *
 * @module
 */
export { type FastifyInstance, type FastifyOptions, type TelemetryPlugin, telemetry } from './plugin.ts'
export { type DrainOptions, drain } from '../../server/drain.ts'
export type { ServerOptions } from '../../server/options.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { DisposableSpan, Invocation } from '../../core/types.ts'
