/** The producer and the consumer of a queue. A batch is one invocation, linked to the requests that sent its messages. */
import { currentInvocation, span } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './telemetry.ts'

export { Sold } from './sold.ts'

interface Message {
  id: string
  body: { sku: string; quantity: number; traceparent: string }
}

export default withTelemetry(
  {
    async fetch(request: Request, env: Env): Promise<Response> {
      const { sku, quantity } = (await request.json()) as { sku: string; quantity: number }
      await env.ORDERS.send({ sku, quantity, traceparent: traceparent() })
      return Response.json({ accepted: true }, { status: 202 })
    },

    async queue({ messages }: { messages: readonly Message[] }, env: Env): Promise<void> {
      await Promise.all(messages.map((message) => sell(message, env)))
    },
  },
  optionsFor,
)

/** Its span ends with its scope, however the function leaves it. */
async function sell({ id, body: { sku, quantity } }: Message, { SOLD }: Env): Promise<void> {
  using sale = span('sell', { attributes: { 'messaging.message.id': id, 'order.sku': sku } })
  sale.setAttribute('app.sold', await SOLD.getByName(sku).add(quantity))
}

/** W3C Trace Context of the request's root span: a message has no headers, so its body has to carry the context. */
function traceparent(): string {
  const { traceId = '', spanId = '', traceFlags = 0 } = currentInvocation()?.root.spanContext() ?? {}
  return `00-${traceId}-${spanId}-0${traceFlags}`
}
