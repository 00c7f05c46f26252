/** The work of every Worker here: child spans, and, if the request says so, one that is never ended. */
import { trace } from '@opentelemetry/api'

const tracer = trace.getTracer('orders')

/** @param {Request} request */
export async function orders(request) {
  const { searchParams } = new URL(request.url)
  const order = request.headers.get('x-order')
  for (let child = 0; child < Number(searchParams.get('children')); child++) {
    tracer.startActiveSpan('step', (span) => {
      span.setAttribute('app.order', order)
      span.end()
    })
  }
  if (searchParams.has('open')) tracer.startSpan('left open', { attributes: { 'app.order': order } })
  return new Response('done')
}
