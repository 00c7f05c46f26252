/** The function itself. Sentry's automatic setup wraps it from outside, by `NODE_OPTIONS`. */
export { orders as handler } from './sentry-orders.mjs'
