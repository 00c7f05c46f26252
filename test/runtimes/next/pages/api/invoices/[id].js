import { span, waitUntil, withTelemetry } from 'flushed/node'
import { options } from '../../../lib/options'

export default withTelemetry(async (request, response) => {
  using _ = span('SELECT invoices')
  if (request.method === 'POST') throw new RangeError('no such invoice')
  waitUntil(Promise.resolve().then(() => span('audit').end()))
  response.status(201).json({ id: request.query.id })
}, { ...options, name: 'invoices', attributes: { 'http.route': '/api/invoices/[id]' } })
