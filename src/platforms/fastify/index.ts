/**
 * `flushed` for Fastify 5.
 *
 * @module
 */
export { type FastifyInstance, type FastifyOptions, type TelemetryPlugin, telemetry } from './plugin.ts'
export { type DrainOptions, drain } from '../../server/drain.ts'
export type { ServerOptions } from '../../server/options.ts'
export { adopt, currentInvocation, span, waitUntil } from '../../core/current.ts'
