/** The function without telemetry: what the others are measured against. */
export { createOrder as handler } from './business.ts'
