/**
 * Takes an order on an edge runtime. The same file is an edge function of Vercel's (`api/orders.ts`) and of Netlify's
 * (`netlify/edge-functions/orders.ts`): whichever it runs on keeps it alive until its spans are acknowledged.
 */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { span, waitUntil, withTelemetry } from 'flushed/edge'
import { otel } from 'flushed/otel'

// On edge runtimes the exporter is the one for browsers, which reads no environment.
const telemetry = otel({ exporter: new OTLPTraceExporter({ url: `${process.env['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces` }) })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

export const config = { runtime: 'edge', path: '/orders' }

export default withTelemetry(
  async (request: Request) => {
    const order = (await request.json()) as { customer?: string; lines?: unknown[] }
    if (!order.customer) return Response.json({ message: 'An order has a customer' }, { status: 400 })
    using price = span('look up prices')
    price.setAttribute('order.lines', order.lines?.length ?? 0)
    waitUntil(audit(order.customer))
    return Response.json({ accepted: true }, { status: 202 })
  },
  { telemetry, route: '/orders' },
)

/** Takes 50 ms that the caller does not wait for. */
async function audit(customer: string): Promise<void> {
  using entry = span('audit', { attributes: { 'order.customer': customer } })
  await new Promise((resolve) => setTimeout(resolve, 50))
  entry.setAttribute('audit.written', true)
}
