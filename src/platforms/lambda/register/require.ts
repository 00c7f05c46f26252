/**
 * `flushed/lambda/register` for CommonJS: the same, synchronously. It costs the start of a worker thread, some tens of
 * milliseconds of each cold start, since nothing else in Node can wait for a network without `await`.
 *
 * @example
 * require('flushed/lambda/register')
 * const { withTelemetry } = require('flushed/lambda')
 *
 * @module
 */
import { registerSync } from '../extension/register-sync.ts'

registerSync('invoke')
