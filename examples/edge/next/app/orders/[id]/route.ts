import { after, span, withTelemetry } from 'flushed/next'
import { telemetry } from '../../../lib/telemetry.ts'

export const dynamic = 'force-dynamic'

interface Context {
  params: Promise<{ id: string }>
}

export const GET = withTelemetry(
  async (_request: Request, { params }: Context) => {
    const { id } = await params
    using query = span('SELECT orders')
    query.setAttribute('order.id', id)
    after(() => seen(id))
    return Response.json({ id, state: 'shipped' })
  },
  { telemetry, route: '/orders/[id]' },
)

/** Runs after the response. Its span is part of the request's trace, and is delivered like the others. */
async function seen(id: string): Promise<void> {
  using entry = span('audit', { attributes: { 'order.id': id } })
  await new Promise((resolve) => setTimeout(resolve, 50))
  entry.setAttribute('audit.written', true)
}
