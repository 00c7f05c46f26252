import { span, withTelemetry } from 'flushed/next'
import { options } from '../../../../lib/telemetry'

export const dynamic = 'force-dynamic'

const route = '/api/orders/[id]'

export const GET = withTelemetry(async (_request, { params }) => {
  using _ = span('SELECT orders')
  span('left open')
  return Response.json(await params, { headers: { 'x-order': 'found' } })
}, { ...options, route })

export const POST = withTelemetry(async () => {
  throw new RangeError('no such order')
}, { ...options, route })
