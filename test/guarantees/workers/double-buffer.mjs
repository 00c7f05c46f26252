/** A Worker whose telemetry is a vendor's bundle with two buffers. `env.HOW` says how it is flushed. */
import { stages } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { createMonitoring } from '../../support/monitoring.ts'
import { onFlush } from './setup.mjs'

let bundle
const monitoring = (env) => (bundle ??= createMonitoring({ endpoint: env.ENDPOINT }))

/** Three items a request. */
async function order(_request, env) {
  const { tracer, metrics } = monitoring(env)
  const span = tracer.startSpan('order')
  await scheduler.wait(1)
  tracer.startSpan('charge').end()
  metrics.count('orders')
  span.end()
  return new Response('ordered')
}

const byItself = {
  async fetch(request, env, ctx) {
    const response = await order(request, env)
    const { tracer, metrics } = monitoring(env)
    ctx.waitUntil(Promise.all([tracer.flush(), metrics.flush()]).then(() => onFlush({})))
    return response
  },
}

const staged = withTelemetry({ fetch: order }, (env) => {
  const { tracer, metrics, exporter } = monitoring(env)
  const telemetry =
    env.HOW === 'stages' ? stages([tracer, metrics], exporter) : stages([tracer, metrics], exporter, { cascade: false })
  return { telemetry, onFlush }
})

export default {
  fetch: (request, env, ctx) => (env.HOW === 'by itself' ? byItself : staged).fetch(request, env, ctx),
}
