/**
 * `flushed` for functions that answer requests: Vercel, Netlify, Fastly, Supabase, Bunny, Deno, Bun.
 *
 * @module
 */
export { type EdgeOptions, telemetry, withTelemetry } from './wrap.ts'
export type { WaitUntil } from '../../web/wait-until.ts'
export type { StreamingOptions } from '../../web/streaming.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { AnyFunction, Layer } from '../../core/layer.ts'
export type { Wrapped, WrapLayer } from '../../core/with-telemetry.ts'
