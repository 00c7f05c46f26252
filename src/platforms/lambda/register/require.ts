/**
 * `flushed/lambda/register` for CommonJS: the same, synchronously. It starts a worker thread, which adds some tens of
 * milliseconds to each cold start: nothing else in Node can wait for a network without `await`.
 *
 * @example
 * require('flushed/lambda/register')
 * const { withTelemetry } = require('flushed/lambda')
 *
 * @module
 */
import { registerSync } from '../extension/register-sync.ts'

registerSync('invoke')
