/** `POST /mug?quantity=2` reserves two mugs; `GET /mug` returns how many there are. */
import { traced, withTelemetry } from 'flushed/workers'
import { type Bindings, optionsFor } from './telemetry.ts'

export { Stock } from './stock.ts'

export default withTelemetry(
  {
    async fetch(request: Request, { STOCK }: Bindings): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url)
      const stock = STOCK.getByName(pathname)
      // Sends this trace's context along, which RPC has no place for.
      if (request.method === 'GET') return traced(stock).fetch(request.url)
      const reserved = await stock.reserve(Number(searchParams.get('quantity') ?? 1))
      return Response.json({ reserved }, { status: reserved ? 201 : 409 })
    },
  },
  optionsFor,
)
