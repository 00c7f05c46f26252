// Loaded before a function that OpenTelemetry's own instrumentation patches: the instrumentation, a batching provider, a context manager.
import { register } from 'node:module'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] })
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager())

// Read as `getNodeAutoInstrumentations()` reads it.
if (process.env.OTEL_NODE_DISABLED_INSTRUMENTATIONS !== 'aws-lambda') {
  // The hook of the instrumentation's own copy of the package: that copy keeps the list of patches.
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.resolve('@opentelemetry/instrumentation-aws-lambda'))
  new AwsLambdaInstrumentation().setTracerProvider(provider)
}
