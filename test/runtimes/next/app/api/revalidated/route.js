import { span, withTelemetry } from 'flushed/next'
import { options } from '../../../lib/options'

export const revalidate = 1

export const GET = withTelemetry(async () => {
  using _ = span('SELECT orders')
  return Response.json({ at: Date.now() })
}, options)
