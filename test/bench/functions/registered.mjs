/** `flushed` as in the README, with the flush after the response. */
import '../../../dist/lambda-register.js'
export { handler } from './flushed.mjs'
