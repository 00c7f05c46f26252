/** The same function with `flushed`, which takes care of the root span, open spans, the audit's spans and the flush. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/edge'
import { otel } from 'flushed/otel'
import { takeOrder, tracesUrl } from './order.ts'

const telemetry = otel({ exporter: new OTLPTraceExporter({ url: tracesUrl }) })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

export const config = { runtime: 'edge' }
export default withTelemetry(takeOrder, {
  telemetry,
  timeoutMs: 1000,
  route: '/orders',
  attributes: (request) => ({ 'vercel.request_id': request.headers.get('x-vercel-id') ?? '' }),
})
