/** OpenTelemetry as on a server that stays alive: it collects spans, and a timer sends them. */
import { SpanKind, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Context, type Env, createOrder } from './business.ts'

let provider: TracerProvider | undefined

// There are no bindings before the first request.
function start({ OTLP_ENDPOINT }: Env): TracerProvider {
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${OTLP_ENDPOINT}/v1/traces` }) })
  const started = new TracerProvider({ spanProcessors: [processor] })
  trace.setGlobalTracerProvider(started)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  return started
}

export default {
  fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const tracer = (provider ??= start(env)).getTracer('orders')
    const attributes = { 'cloudflare.ray_id': request.headers.get('cf-ray') ?? '' }
    return tracer.startActiveSpan('POST /orders', { kind: SpanKind.SERVER, attributes }, async (span) => {
      try {
        return await createOrder(request, env, ctx)
      } finally {
        span.end()
      }
    })
  },
}
