import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from 'flushed/otel'
import { withTelemetry } from 'flushed/workers'

/** Takes some hundred milliseconds of processor time, as encoding very many spans does. */
function work() {
  let state = 1
  for (let i = 0; i < 3e8; i++) state = Math.imul(state, 48_271) ^ i
  return state
}

class Busy extends OTLPTraceExporter {
  export(spans, callback) {
    // The result is used: otherwise the loop would be optimised away.
    if (work() !== 0.5) super.export(spans, callback)
  }
}

function telemetryFor({ COLLECTOR }) {
  const telemetry = otel({ exporter: new Busy({ url: `${COLLECTOR}/v1/traces` }) })
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
  return telemetry
}

const body = {
  string: () => 'done',
  stream: () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('done'))
        controller.close()
      },
    }),
  none: () => null,
}

export default withTelemetry(
  { fetch: ({ url }) => new Response(body[new URL(url).searchParams.get('body')]()) },
  (env) => ({ telemetry: telemetryFor(env), timeoutMs: 10_000, logger: false }),
)
