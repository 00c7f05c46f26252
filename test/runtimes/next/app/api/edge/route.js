import { span, withTelemetry } from 'flushed/next'
import { options } from '../../../lib/telemetry'

export const runtime = 'edge'

export const GET = withTelemetry(async () => {
  using _ = span('SELECT orders')
  await Promise.resolve()
  return Response.json({ runtime: typeof EdgeRuntime === 'string' ? EdgeRuntime : 'node' })
}, { ...options, route: '/api/edge' })

export const POST = withTelemetry(async () => {
  throw new RangeError('no such order at the edge')
}, options)
