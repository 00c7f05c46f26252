// Hono's adapters for AWS Lambda, with the middleware alone and inside `withTelemetry`.
import { telemetry as middleware } from 'flushed/hono'
import { withTelemetry } from 'flushed/lambda'
import { telemetry } from '../../../guarantees/functions/setup.mjs'
import { handle, streamHandle } from '../../../runtimes/hono/node_modules/hono/dist/adapter/aws-lambda/index.js'
import { application } from './app.mjs'

const onFlush = ({ phase, outcome, warnings }) => console.log(`REPORT ${JSON.stringify({ phase, outcome, warnings })}`)
const options = { telemetry, onFlush, timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000) }
const app = application(middleware(options))

export const alone = handle(app)
export const wrapped = withTelemetry(handle(app), options)
export const meant = handle(application(middleware({ ...options, flush: 'before-response' })))
export const streamed = streamHandle(app)
export const streamedWrapped = withTelemetry(streamHandle(app), options)
