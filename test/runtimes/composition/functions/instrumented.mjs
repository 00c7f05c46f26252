// A function whose tracer provider is made by the module loaded before it.
import { span } from 'flushed'
import { withTelemetry } from 'flushed/lambda'

const onFlush = ({ warnings }) => console.log(`WARNINGS ${JSON.stringify(warnings)}`)

async function order() {
  span('charge').end()
  return 'ordered'
}

export const handler = withTelemetry(order, { onFlush })
