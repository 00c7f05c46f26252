/** The usual remedy: `forceFlush()` in `waitUntil()`. */
import { SpanKind, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type RequestContext, takeOrder, tracesUrl } from './order.ts'

const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: tracesUrl }) })
const provider = new TracerProvider({ spanProcessors: [processor] })
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager())
const tracer = trace.getTracer('orders')

export const config = { runtime: 'edge' }
export default (request: Request, ctx: RequestContext): Promise<Response> => {
  const attributes = { 'vercel.request_id': request.headers.get('x-vercel-id') ?? '' }
  return tracer.startActiveSpan('POST /orders', { kind: SpanKind.SERVER, attributes }, async (span) => {
    try {
      return await takeOrder(request, ctx)
    } finally {
      span.end()
      ctx.waitUntil(provider.forceFlush())
    }
  })
}
