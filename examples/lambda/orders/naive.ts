/** OpenTelemetry as on a server that stays alive: it collects spans, and a timer sends them. */
import { SpanKind, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { createOrder } from './business.ts'

const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }))
context.setGlobalContextManager(new AsyncLocalStorageContextManager())
const tracer = trace.getTracer('orders')

export const handler = async (event: APIGatewayProxyEventV2, { awsRequestId }: Context) => {
  const attributes = { 'faas.invocation_id': awsRequestId }
  return tracer.startActiveSpan(event.routeKey, { kind: SpanKind.SERVER, attributes }, async (span) => {
    try {
      return await createOrder(event)
    } finally {
      span.end()
    }
  })
}
