/** A middy middleware that opens a root span and flushes, as people write it. */
import middy from '@middy/core'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { orders } from './orders.mjs'
import { exporter, register, registerContextManager } from './sdk.mjs'

registerContextManager()
const provider = register(new BatchSpanProcessor({ exporter: exporter() }))
const tracer = trace.getTracer('app')

const end = async (request) => {
  request.internal.span.end()
  await provider.forceFlush()
}

export const handler = middy(orders).use({
  before(request) {
    request.internal.span = tracer.startSpan('orders')
  },
  after: end,
  async onError(request) {
    request.internal.span.recordException(request.error)
    request.internal.span.setStatus({ code: SpanStatusCode.ERROR })
    await end(request)
  },
})
