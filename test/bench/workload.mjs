/** The handler of every contestant that traces with the repository's OpenTelemetry. */
import { trace } from '@opentelemetry/api'

const tracer = trace.getTracer('orders')

/**
 * A handler of plain events. Its child spans are started as instrumentations start theirs.
 *
 * @param {{ orderId: string, children: number }} event
 */
export async function handler(event) {
  for (let child = 0; child < event.children; child++) {
    tracer.startActiveSpan('step', (span) => {
      span.setAttribute('app.step', child)
      span.end()
    })
  }
  return { orderId: event.orderId, done: true }
}
