import { span, withTelemetry } from 'flushed/next'

export const GET = withTelemetry(async () => {
  using _ = span('SELECT orders')
  return new Response('without options')
})
