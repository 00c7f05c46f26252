// Sentry for errors, beside the user's own tracer provider, which is registered first.
import { cells, order, streamed } from './setup.mjs'
import * as Sentry from '@sentry/aws-serverless'
import { oneOf, oneStreamOf } from './cells.mjs'

Sentry.init({ dsn: process.env.SENTRY_DSN, skipOpenTelemetrySetup: true })

const mark = (text) => Sentry.captureMessage(text)

export const handler = oneOf(cells('sentry', Sentry.wrapHandler, order(mark)))
export const stream = oneStreamOf(cells('sentry', Sentry.wrapHandler, streamed(mark)))
