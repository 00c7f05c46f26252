/** Sentry's manual setup, for bundles: `NODE_OPTIONS` has no module to load there. */
import { init, wrapHandler } from '@sentry/aws-serverless'
import { orders } from './sentry-orders.mjs'

init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 })

export const handler = wrapHandler(orders)
