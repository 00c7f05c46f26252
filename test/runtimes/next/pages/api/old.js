import { span, withTelemetry } from 'flushed/next'
import { options } from '../../lib/options'

// `after()` belongs to the app router. In the pages router it throws.
export default withTelemetry(async (_request, response) => {
  using _ = span('SELECT orders')
  response.json({ router: 'pages' })
}, { ...options, name: 'old' })
