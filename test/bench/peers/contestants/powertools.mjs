/** Powertools' middleware. It sends what it records at once, as datagrams: no exporter can take their place. */
import { AsyncResource } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import middy from '@middy/core'

/** @type {import('../../contestant.mjs').Create} */
export async function create({ mode }) {
  Object.assign(process.env, {
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    LAMBDA_TASK_ROOT: fileURLToPath(new URL('.', import.meta.url)),
    _HANDLER: 'orders.handler',
    // The runtime sets this for every invocation.
    _X_AMZN_TRACE_ID: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=${mode === 'unsampled' ? 0 : 1}`,
  })
  // On Lambda, the SDK enters its context while it is loaded, and the runtime's loop goes on in that context. Here, orders come from
  // outside.
  createRequire(import.meta.url)('aws-xray-sdk-core')
  const loop = new AsyncResource('runtime')
  const { Tracer } = await import('@aws-lambda-powertools/tracer')
  const { captureLambdaHandler } = await import('@aws-lambda-powertools/tracer/middleware')
  const tracer = new Tracer({ serviceName: 'orders' })
  const orders = async (event) => {
    const parent = tracer.getSegment()
    for (let child = 0; child < event.children; child++) {
      const step = parent.addNewSubsegment('step')
      tracer.setSegment(step)
      step.addAnnotation('step', child)
      step.close()
      tracer.setSegment(parent)
    }
    return { orderId: event.orderId, done: true }
  }
  const handler = middy(orders).use(captureLambdaHandler(tracer))
  return (event, context) => loop.runInAsyncScope(handler, undefined, event, context)
}
