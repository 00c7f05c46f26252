/** As in the README; after the response. */
import '../../../dist/lambda-register.js'
export { handler } from './flushed.mjs'
