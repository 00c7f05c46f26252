import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

/** Two children, one in the other, around some I/O. Nothing here needs AsyncLocalStorage. */
async function order(id) {
  const invocation = currentInvocation()
  using charge = invocation.span('charge')
  charge.setAttribute('app.order', id)
  await scheduler.wait(1)
  using ship = invocation.span('ship')
  await scheduler.wait(1)
  ship.setAttribute('app.order', id)
  return Response.json({ id })
}

export default withTelemetry(
  {
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      const id = Number(searchParams.get('id'))
      if (pathname === '/throw') {
        currentInvocation().span('charge')
        throw new RangeError(`order ${id} is out of range`)
      }
      return order(id)
    },
  },
  optionsFor,
)
