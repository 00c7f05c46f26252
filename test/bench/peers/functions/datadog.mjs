/** The function itself. Datadog's handler loads it, by `DD_LAMBDA_HANDLER`, as its documentation says. */
import tracer from 'dd-trace'

export async function handler(event) {
  const tags = { 'app.order': event.orderId }
  for (let child = 0; child < event.children; child++) tracer.trace('step', { tags }, () => {})
  for (let child = 0; child < (event.open ?? 0); child++) tracer.startSpan('left open', { tags })
  return { done: true }
}
