/** The work of every function that is measured as deployed: child spans, and, if the event says so, some that are never ended. */
import { trace } from '@opentelemetry/api'

const tracer = trace.getTracer('orders')

/** @param {{ orderId: string, children: number, open?: number }} event */
export async function orders(event) {
  for (let child = 0; child < event.children; child++) {
    tracer.startActiveSpan('step', (span) => {
      span.setAttribute('app.order', event.orderId)
      span.end()
    })
  }
  for (let child = 0; child < (event.open ?? 0); child++) tracer.startSpan('left open', { attributes: { 'app.order': event.orderId } })
  return { done: true }
}
