/**
 * `@vercel/otel` as on Vercel: a request's root span, which Next opens there, and a request context whose `waitUntil` holds what is
 * sent after the response. The contestant waits for that, because it is part of the cost of an invocation.
 */
import { SpanKind, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base'
import { OTLPHttpJsonTraceExporter, registerOTel } from '@vercel/otel'
import { exported } from '../../exported.mjs'

const noop = {
  export(spans, done) {
    exported.spans += spans.length
    done({ code: 0 })
  },
  async forceFlush() {},
  async shutdown() {},
}

/** @type {import('../../contestant.mjs').Create} */
export function create({ mode, url }) {
  registerOTel({
    serviceName: 'orders',
    traceSampler: mode === 'unsampled' ? new AlwaysOffSampler() : new AlwaysOnSampler(),
    traceExporter: mode === 'collector' ? new OTLPHttpJsonTraceExporter({ url }) : noop,
  })
  const waiting = []
  globalThis[Symbol.for('@vercel/request-context')] = {
    get: () => ({ waitUntil: (work) => waiting.push(typeof work === 'function' ? work() : work), headers: {}, url: 'http://localhost/' }),
  }
  const tracer = trace.getTracer('next.js')
  return (event) =>
    tracer.startActiveSpan('GET /', { kind: SpanKind.SERVER }, async (root) => {
      for (let child = 0; child < event.children; child++) {
        tracer.startActiveSpan('step', (span) => {
          span.setAttribute('app.step', child)
          span.end()
        })
      }
      root.end()
      await Promise.all(waiting.splice(0))
      return { orderId: event.orderId, done: true }
    })
}
