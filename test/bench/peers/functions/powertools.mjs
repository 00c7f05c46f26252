/** Powertools as its documentation says: its middleware, and a subsegment for each step. */
import middy from '@middy/core'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'

const tracer = new Tracer({ serviceName: 'orders' })

async function orders(event) {
  const parent = tracer.getSegment()
  for (let child = 0; child < event.children; child++) {
    const step = parent.addNewSubsegment('step')
    tracer.setSegment(step)
    step.addAnnotation('order', event.orderId)
    step.close()
    tracer.setSegment(parent)
  }
  for (let child = 0; child < (event.open ?? 0); child++) parent.addNewSubsegment('left open').addAnnotation('order', event.orderId)
  return { done: true }
}

export const handler = middy(orders).use(captureLambdaHandler(tracer))
