/**
 * `flushed` for Cloudflare Workers.
 *
 * @module
 */
export type { WorkersOptions, WorkersOptionsInput } from './options.ts'
export { telemetry, withTelemetry } from './wrap.ts'
export { traced, tracedFetch } from '../../web/fetch.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
