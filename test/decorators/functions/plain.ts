/** A handler without a platform's `wrap`, for test/decorators/lambda.test.ts: `flushed` recognizes Lambda by its context. */
import { setTimeout as wait } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { Flushed, Telemetry, Traced, span } from 'flushed/decorators'
import { otel } from 'flushed/otel'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

@Telemetry({ telemetry })
class Orders {
  @Flushed() async handle(event: { fail?: boolean }, _context: unknown) {
    span('left')
    await this.load()
    if (event.fail) throw new RangeError('no such order')
    return { statusCode: 200 }
  }

  @Traced() async load() {
    await wait(5)
  }
}

const orders = new Orders()
export const handler = orders.handle.bind(orders)
