/** The Worker without telemetry: what the others are measured against. */
import { createOrder } from './business.ts'

export default { fetch: createOrder }
