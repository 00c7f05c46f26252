/**
 * The pattern that people write by hand: a root span around the handler, `forceFlush()` in `finally`, a batch processor. The root has
 * the attributes that the semantic conventions ask for, and the duration of the last flush, so that all contestants deliver the same:
 * an attribute costs about a microsecond on its way to a collector.
 */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'
import { handler } from '../workload.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  return withForceFlush(register(mode, new BatchSpanProcessor({ exporter })), conventional)
}

let cold = true
let flushMs = 0

/** The attributes of a function called with a plain event, written as briefly as by hand. */
function conventional({ awsRequestId, invokedFunctionArn, functionVersion }) {
  const coldstart = cold
  cold = false
  const [, , , region, account, , name] = invokedFunctionArn.split(':')
  return {
    'faas.invocation_id': awsRequestId,
    'faas.trigger': 'other',
    'faas.coldstart': coldstart,
    'cloud.region': region,
    'cloud.account.id': account,
    'cloud.resource_id': `arn:aws:lambda:${region}:${account}:function:${name}:${functionVersion}`,
    'aws.lambda.invoked_arn': invokedFunctionArn,
    'app.previous_flush.duration_ms': flushMs,
    'app.previous_flush.outcome': 'delivered',
  }
}

/**
 * @param {{ forceFlush(): Promise<void> }} provider
 * @param {(context: object) => import('@opentelemetry/api').Attributes} attributesOf
 */
export function withForceFlush(provider, attributesOf) {
  const tracer = trace.getTracer('app')
  return (event, context) =>
    tracer.startActiveSpan('orders', { kind: SpanKind.SERVER, attributes: attributesOf(context) }, async (span) => {
      try {
        return await handler(event, context)
      } catch (error) {
        span.recordException(error)
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
        const start = performance.now()
        await provider.forceFlush()
        flushMs = performance.now() - start
      }
    })
}
