/** The root span made by hand, and `forceFlush()` in `waitUntil`. */
import { context, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { orders } from './orders.mjs'
import { exporterFor, register } from './sdk.mjs'

const tracer = trace.getTracer('app')
let provider

function start(env) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  return register(new BatchSpanProcessor({ exporter: exporterFor(env) }))
}

export default {
  fetch(request, env, ctx) {
    provider ??= start(env)
    return tracer.startActiveSpan('GET', { kind: SpanKind.SERVER }, async (span) => {
      try {
        return await orders(request)
      } finally {
        span.end()
        ctx.waitUntil(provider.forceFlush())
      }
    })
  },
}
