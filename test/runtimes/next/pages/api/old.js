import { span, withTelemetry } from 'flushed/next'
import { options } from '../../lib/telemetry'

// `after()` belongs to the app router: here it throws.
export default withTelemetry(async (_request, response) => {
  using _ = span('SELECT orders')
  response.json({ router: 'pages' })
}, { ...options, name: 'old' })
