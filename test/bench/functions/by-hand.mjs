/** The root span made by hand, and `forceFlush()` in `finally`. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { orders } from './orders.mjs'
import { register, registerContextManager } from './sdk.mjs'

/** @param {import('@opentelemetry/sdk-trace').SpanProcessor} spanProcessor */
export function byHand(spanProcessor) {
  registerContextManager()
  const provider = register(spanProcessor)
  const tracer = trace.getTracer('app')
  return (event) =>
    tracer.startActiveSpan('orders', { kind: SpanKind.SERVER }, async (span) => {
      try {
        return await orders(event)
      } catch (error) {
        span.recordException(error)
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
        await provider.forceFlush()
      }
    })
}
