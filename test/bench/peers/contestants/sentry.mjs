/** Sentry's own wrap, reached by redirection as in its automatic setup, with a transport that acknowledges at once. */
import { fileURLToPath } from 'node:url'
import { createTransport } from '@sentry/core'
import { init } from '@sentry/aws-serverless'
import { exported } from '../../exported.mjs'

const noop = (options) =>
  createTransport(options, async ({ body }) => {
    exported.spans += body.split('"start_timestamp"').length - 1
    return { statusCode: 200 }
  })

/** @type {import('../../contestant.mjs').Create} */
export async function create({ mode, url }) {
  process.env.LAMBDA_TASK_ROOT = fileURLToPath(new URL('.', import.meta.url))
  process.env._HANDLER = 'sentry-handler.handler'
  init({
    dsn: `http://public@${new URL(url || 'http://localhost').host}/1`,
    tracesSampleRate: mode === 'unsampled' ? 0 : 1,
    ...(mode === 'collector' ? {} : { transport: noop }),
  })
  const { handler } = await import('@sentry/aws-serverless/run-lambda-handler')
  return handler
}
