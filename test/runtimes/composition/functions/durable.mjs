// A durable function. Its SDK stores the results of steps; an execution that waits is suspended, and later runs from the start again.
import { withDurableExecution } from '@aws/durable-execution-sdk-js'
import { trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed/lambda'
import { options } from './setup.mjs'

const tracer = trace.getTracer('orders')

async function order(event, context) {
  const charged = await context.step('charge', async () => tracer.startActiveSpan('charge', (charge) => {
    charge.end()
    return 'chair'
  }))
  await tracer.startActiveSpan('approve', async (approve) => {
    await context.wait('approval', { seconds: 60 })
    approve.end()
  })
  if (event.fail) throw new RangeError('out of stock')
  return { charged }
}

export const handler = withTelemetry(withDurableExecution(order), options)
export const inside = withDurableExecution(withTelemetry(order, options))
