/** A router of itty-router, which takes any property that is read from it for a route. */
import { trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed/workers'
import { AutoRouter } from 'itty-router'
import { optionsFor } from './setup.mjs'

const router = AutoRouter()

router.get('/orders/:id', ({ params }, env) => {
  trace.getTracer('app').startSpan('find order').end()
  return { id: params.id, region: env.REGION }
})

export default withTelemetry(router, optionsFor)
