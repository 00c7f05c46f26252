import { after, span, withTelemetry } from 'flushed/next'
import { options } from '../../../lib/options'

// The response waits for the flush, so the flush cannot wait for work that runs after the response.
export const PUT = withTelemetry(async () => {
  after(() => span('audit').end())
  return Response.json({ accepted: true })
}, { ...options, name: 'waits', flush: 'before-response' })

export const POST = withTelemetry(async () => {
  after(async () => {
    using _ = span('audit')
    await new Promise((resolve) => setTimeout(resolve, 200))
  })
  return Response.json({ accepted: true })
}, options)
