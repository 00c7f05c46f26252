/**
 * `flushed/lambda/register`: registers this function as an internal extension of its own, so that wrapped handlers flush
 * after their response and before the sandbox freezes. Import it first, for its effect; it has no exports.
 *
 * The import is complete when Lambda has answered, which takes two or three milliseconds, and at most one second. Lambda
 * registers extensions only until init is over: `await` a dynamic import of it, at the top level. With bundlers that make
 * CommonJS, where no module can wait, `require` it. `NODE_OPTIONS=--import flushed/lambda/register` does without any code.
 *
 * Never throws. Where Lambda refuses, or does not answer, wrapped handlers flush before the response, and the first of
 * them warns with the reason. Where there is no Lambda, in a test or on a developer's machine, nothing happens.
 *
 * @example
 * import 'flushed/lambda/register'
 * import { withTelemetry } from 'flushed/lambda'
 *
 * @module
 */
import { registerOnce } from '../extension/register.ts'

await registerOnce('invoke')
