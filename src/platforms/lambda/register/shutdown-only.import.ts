/**
 * `flushed/lambda/register/shutdown-only`: registers an extension for no event at all. That is enough for Lambda to send
 * SIGTERM, and to leave time for a last flush, before it ends the sandbox. The sandbox is never held after a response. If you
 * import both this module and `flushed/lambda/register`, the first import counts.
 *
 * @example
 * import 'flushed/lambda/register/shutdown-only'
 *
 * @module
 */
import { registerOnce } from '../extension/register.ts'

await registerOnce('shutdown')
