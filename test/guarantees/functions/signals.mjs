// Traces, metrics and logs with OpenTelemetry's own SDKs and OTLP exporters, and with its instrumentation of undici.
import { logs, metrics, trace } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const stock = process.env._HANDLER.endsWith('.withoutOptions')
const telemetry = otel({ exporter: new OTLPTraceExporter() })
const processor = stock ? new BatchSpanProcessor({ exporter: new OTLPTraceExporter() }) : telemetry.spanProcessor
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }))
metrics.setGlobalMeterProvider(
  new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })] }),
)
logs.setGlobalLoggerProvider(
  new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })] }),
)
new UndiciInstrumentation().enable()

const orders = metrics.getMeter('orders').createCounter('orders')

async function order() {
  trace.getTracer('orders').startActiveSpan('charge', (charge) => charge.end())
  orders.add(1)
  logs.getLogger('orders').emit({ body: 'ordered' })
}

export const handler = withTelemetry(order, { telemetry, timeoutMs: 800 })
export const withoutOptions = withTelemetry(order)

// Makes a request, and does not wait for the answer, which never comes.
export const asks = withTelemetry(async () => {
  void fetch(process.env.PARTNER_URL).catch(() => {})
}, { telemetry })
