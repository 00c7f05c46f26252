/**
 * `flushed/lambda/register/shutdown-only`: registers for no event at all, which is enough for Lambda to send SIGTERM, and
 * to leave time for a last flush, before it ends the sandbox. The sandbox is never held after a response. Whichever of this
 * and `flushed/lambda/register` is imported first counts.
 *
 * @example
 * import 'flushed/lambda/register/shutdown-only'
 *
 * @module
 */
import { registerOnce } from '../extension/register.ts'

await registerOnce('shutdown')
