/** `flushed.ts` once more, flushed after the response: the first line, or `--import` in the environment, is all there is to it. */
import 'flushed/lambda/register'
export { handler } from './flushed.ts'
