import { span, withTelemetry } from 'flushed/next'
import { options } from '../../lib/options'

export const config = { runtime: 'edge' }

export default withTelemetry(async () => {
  using _ = span('SELECT orders')
  return Response.json({ router: 'pages' })
}, { ...options, route: '/api/old-edge' })
