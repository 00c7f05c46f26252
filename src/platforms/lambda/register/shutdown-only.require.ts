/**
 * `flushed/lambda/register/shutdown-only` for CommonJS: the same, synchronously.
 *
 * @example
 * require('flushed/lambda/register/shutdown-only')
 *
 * @module
 */
import { registerSync } from '../extension/register-sync.ts'

registerSync('shutdown')
