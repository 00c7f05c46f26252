import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import bare from './bodies-bare.mjs'
import { optionsFor } from './setup.mjs'

/** A body that takes five seconds, with a span for every chunk. */
function counted() {
  const invocation = currentInvocation()
  let index = 0
  const body = new ReadableStream({
    async pull(controller) {
      if (index === 50) return controller.close()
      using span = invocation.span(`chunk ${index}`)
      await scheduler.wait(100)
      controller.enqueue(new TextEncoder().encode(`chunk ${index++}\n`))
      span.setAttribute('app.chunk', index)
    },
  })
  return new Response(body)
}

export default withTelemetry(
  { fetch: (request, env) => (new URL(request.url).pathname === '/counted' ? counted(request) : bare.fetch(request, env)) },
  (env) => ({ ...optionsFor(env), ...(env.IDLE_MS && { streamIdleMs: env.IDLE_MS }), ...(env.FLUSH && { flush: env.FLUSH }) }),
)
