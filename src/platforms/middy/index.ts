/**
 * `flushed` as a middleware of middy, on AWS Lambda.
 *
 * @module
 */
export { type MiddyRequest, type TelemetryMiddleware, telemetry } from './middleware.ts'
