/**
 * `flushed` as a middy middleware, on AWS Lambda.
 *
 * @module
 */
export { type MiddyRequest, type TelemetryMiddleware, telemetry } from './middleware.ts'
