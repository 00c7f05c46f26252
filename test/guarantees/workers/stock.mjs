// OpenTelemetry's own batch processor, as its documentation sets it up, shared by the isolate's requests.
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { exporterFor } from './setup.mjs'

let provider

export default {
  async fetch(request, env, ctx) {
    if (!provider) {
      const processor = new BatchSpanProcessor({ exporter: exporterFor(env), scheduledDelayMillis: 200 })
      provider = new TracerProvider({ spanProcessors: [processor] })
    }
    const { pathname } = new URL(request.url)
    provider.getTracer('stock').startSpan(pathname.slice(1)).end()
    // As people do who have noticed that nothing arrives, and who do not wait for ever.
    if (env.TIMEOUT_MS) ctx.waitUntil(provider.forceFlush({ timeoutMillis: env.TIMEOUT_MS }).catch(() => {}))
    return new Response('hello')
  },
}
