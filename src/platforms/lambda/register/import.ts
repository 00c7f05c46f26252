/**
 * `flushed/lambda/register`: registers this function as an internal extension of its own, so that wrapped handlers flush
 * after their response and before the sandbox freezes. Import it first, for its side effect; it has no exports.
 *
 * The import completes when Lambda has answered: after two or three milliseconds, or after one second at most. Lambda registers
 * extensions only until init is over. If you import this module dynamically, `await` the import at the top level. If your bundler
 * makes CommonJS, where no module can wait, `require` it. `NODE_OPTIONS=--import flushed/lambda/register` works without any code.
 *
 * Never throws. If Lambda refuses, or does not answer, wrapped handlers flush before the response, and the first of them
 * warns with the reason. Where there is no Lambda, in a test or on a developer's machine, nothing happens.
 *
 * @example
 * import 'flushed/lambda/register'
 * import { withTelemetry } from 'flushed/lambda'
 *
 * @module
 */
import { registerOnce } from '../extension/register.ts'

await registerOnce('invoke')
