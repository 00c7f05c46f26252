/** Loads what OpenTelemetry's Lambda layer loads before the handler's module, which it then patches with a loader hook. */
import { register as registerHooks } from 'node:module'
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { exporter, register, registerContextManager } from './sdk.mjs'

registerHooks('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
registerContextManager()
const provider = register(new BatchSpanProcessor({ exporter: exporter() }))
const instrumentation = new AwsLambdaInstrumentation()
instrumentation.setTracerProvider(provider)
instrumentation.enable()
