/** A Hono application, as in Hono's documentation. */
import { trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed/workers'
import { Hono } from 'hono'
import { optionsFor } from './setup.mjs'

const app = new Hono()

app.get('/orders/:id', async (c) => {
  trace.getTracer('app').startSpan('find order').end()
  c.executionCtx.waitUntil(Promise.resolve().then(() => trace.getTracer('app').startSpan('audit').end()))
  return c.json({ id: c.req.param('id'), region: c.env.REGION })
})
app.get('/fails', () => {
  throw new Error('no such order')
})

export default withTelemetry(app, optionsFor)
