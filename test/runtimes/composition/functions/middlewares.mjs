// middy, and Powertools as its middlewares.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse'
import { oneOf, oneStreamOf } from './cells.mjs'
import { logger, marks, metrics, tracer } from './powertools.mjs'
import { cells, order } from './setup.mjs'

const used = (middleware) => (handler) => middy().use(middleware).handler(handler)

export const handler = oneOf({
  ...cells('middy', (handler) => middy().handler(handler), order()),
  ...cells('tracer', used(captureLambdaHandler(tracer)), order(marks.tracer)),
  ...cells('metrics', used(logMetrics(metrics)), order(marks.metrics)),
  ...cells('logger', used(injectLambdaContext(logger)), order(marks.logger)),
})

const streaming = { executionMode: executionModeStreamifyResponse }
const body = async (event) => ({ statusCode: 200, body: JSON.stringify(await order()(event)) })

export const stream = oneStreamOf(cells('middy', (handler) => middy(streaming).handler(handler), body))
