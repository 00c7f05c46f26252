/**
 * `flushed` for servers of Node's own `http`, and `drain` for the end of any server's process.
 *
 * @module
 */
export { type NodeOptions, withTelemetry } from './wrap.ts'
export { type DrainOptions, drain } from '../../server/drain.ts'
export type { ServerOptions } from '../../server/options.ts'
export { type Endable, adopt } from '../../core/adopt.ts'
export { currentInvocation, span, waitUntil } from '../../core/current.ts'
export type { DisposableSpan, Invocation } from '../../core/types.ts'
