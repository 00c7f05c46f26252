/** The handler alone. No provider is registered, so that its child spans are the API's no-op ones. */
import { handler } from '../workload.mjs'

export const create = () => handler
