/**
 * A middy middleware: `before` opens the root span, `after` and `onError` end it and flush. Its hooks cannot run the handler inside
 * a context, so the child spans are not children of the root: each of them starts a trace.
 */
import middy from '@middy/core'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'
import { handler } from '../workload.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  const provider = register(mode, new BatchSpanProcessor({ exporter }))
  const tracer = trace.getTracer('app')
  const end = async (request) => {
    request.internal.span.end()
    await provider.forceFlush()
  }
  return middy(handler).use({
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
}
