/** What people write by hand: a root span around the handler, `forceFlush()` in `finally`, a batch processor. */
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'
import { handler } from '../workload.mjs'

/** @type {import('../process.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  return withForceFlush(register(mode, new BatchSpanProcessor({ exporter })))
}

/** @param {{ forceFlush(): Promise<void> }} provider */
export function withForceFlush(provider) {
  const tracer = trace.getTracer('app')
  return (event, context) =>
    tracer.startActiveSpan('orders', async (span) => {
      try {
        return await handler(event, context)
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
