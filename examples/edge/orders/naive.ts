/** OpenTelemetry as on a server that stays alive: it collects spans, and a timer sends them. */
import { SpanKind, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type RequestContext, takeOrder, tracesUrl } from './order.ts'

const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: tracesUrl }) })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }))
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
    }
  })
}
