/** The function without telemetry. The others are measured against it. */
export { createOrder as handler } from './business.ts'
