// A function whose provider is made by what is loaded before it.
import { span } from 'flushed'
import { withTelemetry } from 'flushed/lambda'

const onFlush = ({ warnings }) => console.log(`WARNINGS ${JSON.stringify(warnings)}`)

async function order() {
  span('charge').end()
  return 'ordered'
}

export const handler = withTelemetry(order, { onFlush })
