import * as Sentry from '@sentry/aws-serverless'
import { oneOf, oneStreamOf } from '../functions/cells.mjs'
import { cells, flushed, order, streamed } from './setup.mjs'

export const handler = oneOf(cells('sentry', Sentry.wrapHandler, order()))
export const stream = oneStreamOf(cells('sentry', Sentry.wrapHandler, streamed()))

/** Sentry finds and wraps this handler by itself. */
export const found = oneOf({ 'found alone': order(), 'found outside': flushed(order()) })
