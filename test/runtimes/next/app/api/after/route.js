import { after, span, withTelemetry } from 'flushed/next'
import { options } from '../../../lib/telemetry'

export const POST = withTelemetry(async () => {
  after(async () => {
    using _ = span('audit')
    await new Promise((resolve) => setTimeout(resolve, 200))
  })
  return Response.json({ accepted: true })
}, options)
