import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { type OtelTelemetry, otel } from 'flushed/otel'

/** The part of `npx wrangler types` that is used here. */
export interface Bindings {
  OTLP_ENDPOINT: string
  STOCK: { getByName(name: string): { reserve(quantity: number): Promise<boolean>; fetch(input: string): Promise<Response> } }
}

let telemetry: OtelTelemetry | undefined

/** One telemetry for the isolate: its Durable Objects may share it with the Worker. */
export const optionsFor = ({ OTLP_ENDPOINT }: Bindings) => ({ telemetry: (telemetry ??= start(OTLP_ENDPOINT)) })

function start(endpoint: string): OtelTelemetry {
  const started = otel({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [started.spanProcessor] }))
  return started
}
