import { span, withTelemetry } from 'flushed/next'

// `after()` belongs to the app router: here it throws.
export default withTelemetry(async function old(_request, response) {
  using _ = span('SELECT orders')
  response.json({ router: 'pages' })
})
