/** evlog as its documentation says: one event for each request, and no spans. */
import { createOTLPDrain } from 'evlog/otlp'
import { initWorkersLogger, withEvlog } from 'evlog/workers'

initWorkersLogger({ env: { service: 'orders' }, silent: true })
let drain

export default {
  fetch(request, env, ctx) {
    drain ??= createOTLPDrain({ endpoint: env.COLLECTOR, serviceName: 'orders' })
    return withEvlog(
      async (_request, _env, _ctx, log) => {
        const { searchParams } = new URL(request.url)
        log.set({ order: request.headers.get('x-order') })
        for (let child = 0; child < Number(searchParams.get('children')); child++) log.set({ [`step${child}`]: { done: true } })
        return new Response('done')
      },
      { drain },
    ).fetch(request, env, ctx)
  },
}
