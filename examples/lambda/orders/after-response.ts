/** `flushed.ts`, flushed after the response. This takes only the first line, or `--import` in the environment. */
import 'flushed/lambda/register'
export { handler } from './flushed.ts'
