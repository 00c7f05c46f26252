// A handler on middy: with the telemetry middleware, and with a wrap around middy.
import { setTimeout } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed/lambda'
import { telemetry as middleware } from 'flushed/middy'
import { telemetry, tracer } from '../../../guarantees/functions/setup.mjs'
import middy from '../../../runtimes/middy/node_modules/@middy/core/index.js'
import { executionModeStreamifyResponse } from '../../../runtimes/middy/node_modules/@middy/core/executionModeStreamifyResponse.js'

const options = { telemetry, timeoutMs: 1000 }

async function order(event) {
  await setTimeout(1)
  await tracer.startActiveSpan('charge', async (charge) => {
    await setTimeout(1)
    tracer.startSpan('bank').end()
    charge.end()
  })
  tracer.startSpan('left')
  if (event.fail) throw new RangeError('out of stock')
  return { id: event.id, active: trace.getActiveSpan()?.spanContext().spanId }
}

const early = { before: ({ event }) => (event.early ? { early: true } : undefined) }

export const used = middy().use(middleware(options)).use(early).handler(order)
export const wrapped = withTelemetry(middy(), options).use(early).handler(order)

export const streamed = middy(async ({ id }) => ({ statusCode: 200, body: `order ${id}` }), {
  executionMode: executionModeStreamifyResponse,
}).use(middleware(options))
