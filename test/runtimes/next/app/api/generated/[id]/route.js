import { span, withTelemetry } from 'flushed/next'
import { options } from '../../../../lib/options'

export const generateStaticParams = () => [{ id: '1' }]

export const GET = withTelemetry(async (_request, { params }) => {
  using _ = span('SELECT orders')
  return Response.json(await params)
}, options)
