/**
 * `flushed` for Cloudflare Workers.
 *
 * @module
 */
export type { WorkersOptions, WorkersOptionsInput } from './options.ts'
export { withTelemetry } from './wrap.ts'
export { traced, tracedFetch } from '../../web/fetch.ts'
