/**
 * `flushed/lambda/register/shutdown-only`: registers an extension for no event at all, so that Lambda sends SIGTERM before it
 * ends the sandbox, and leaves time for a last flush. The sandbox is never held after a response. If you import this module and
 * `flushed/lambda/register`, the first import counts.
 *
 * @example
 * import 'flushed/lambda/register/shutdown-only'
 *
 * @module
 */
import { registerOnce } from '../extension/register.ts'

await registerOnce('shutdown')
