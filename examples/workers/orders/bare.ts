/** The Worker without telemetry. The others are measured against it. */
import { createOrder } from './business.ts'

export default { fetch: createOrder }
