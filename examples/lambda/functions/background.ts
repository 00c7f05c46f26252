/**
 * Takes an order, answers, and keeps the books afterwards: `waitUntil` makes the sandbox wait for work that the caller need
 * not wait for. If the function is registered, that work runs after the response; if not, the response has to wait for it.
 */
import 'flushed/lambda/register'
import { setTimeout as wait } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { span, waitUntil, withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

export const handler = withTelemetry(
  async (event: APIGatewayProxyEventV2) => {
    const order = JSON.parse(event.body ?? '{}') as { customer?: string }
    waitUntil(audit(order.customer ?? 'unknown'))
    return { statusCode: 202, body: JSON.stringify({ accepted: true }) }
  },
  // A flush's deadline includes the work that the flush waits for.
  { telemetry, timeoutMs: 2000 },
)

/** Takes 150 ms. Its span is part of the invocation's trace, and of its flush. */
async function audit(customer: string): Promise<void> {
  using entry = span('audit', { attributes: { 'order.customer': customer } })
  await wait(150)
  entry.setAttribute('audit.written', true)
}
