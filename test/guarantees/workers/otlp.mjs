// Nothing of ours: OpenTelemetry's SDK and its exporter, by themselves.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

let provider

export default {
  async fetch(request, env, ctx) {
    const exporter = new OTLPTraceExporter({ url: `${env.COLLECTOR}/v1/traces` })
    provider ??= new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
    provider.getTracer('x').startSpan('one').end()
    ctx.waitUntil(provider.forceFlush())
    return new Response('hello')
  },
}
