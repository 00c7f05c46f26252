// The Worker of orders.mjs, without any telemetry.
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    const id = Number(searchParams.get('id'))
    await scheduler.wait(2)
    if (pathname === '/throw') throw new RangeError(`order ${id} is out of range`)
    return Response.json({ id })
  },
}
