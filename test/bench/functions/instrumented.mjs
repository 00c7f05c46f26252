/** The function itself. OpenTelemetry's instrumentation patches it from outside. */
export { orders as handler } from './orders.mjs'
