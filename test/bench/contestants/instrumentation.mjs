/** OpenTelemetry's own instrumentation. It patches the handler's module as it does on Lambda, and flushes before the response. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  const provider = register(mode, new BatchSpanProcessor({ exporter }))
  process.env.LAMBDA_TASK_ROOT = fileURLToPath(new URL('..', import.meta.url))
  process.env._HANDLER = 'handler.handler'
  // Its constructor reads both variables and hooks `require`, so the handler's module must be loaded after it.
  const instrumentation = new AwsLambdaInstrumentation()
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
  return createRequire(import.meta.url)('../handler.cjs').handler
}
