// A user's own wrapper, which keeps a span open while its handler runs.
import { trace } from '@opentelemetry/api'
import { oneOf } from './cells.mjs'
import { cells, order } from './setup.mjs'

const around = (handler) => (event, context) =>
  trace.getTracer('orders').startActiveSpan(`around order ${event.id}`, async (span) => {
    try {
      return await handler(event, context)
    } finally {
      span.end()
    }
  })

export const handler = oneOf(cells('span', around, order()))
