/** The handler alone. No provider is registered, so its child spans are the no-op spans of the API. */
import { handler } from '../workload.mjs'

export const create = () => handler
