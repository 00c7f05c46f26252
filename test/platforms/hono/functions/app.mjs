// A typical application, which runs wherever Hono does. Every test here sends its requests to it.
import { trace } from '@opentelemetry/api'
import { span } from 'flushed'
import { Hono } from '../../../runtimes/hono/node_modules/hono/dist/index.js'
import { stream, streamSSE } from '../../../runtimes/hono/node_modules/hono/dist/helper/streaming/index.js'
import { HTTPException } from '../../../runtimes/hono/node_modules/hono/dist/http-exception.js'
import { compress } from '../../../runtimes/hono/node_modules/hono/dist/middleware/compress/index.js'
import { etag } from '../../../runtimes/hono/node_modules/hono/dist/middleware/etag/index.js'

// Not kept in a variable: some tests register one provider after the other.
const tracer = () => trace.getTracer('app')
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const bytes = new TextEncoder()

/** A stream that makes its chunks on demand. */
function chunks({ count = 3, everyMs = 10, fails = false, cancelled = () => {} } = {}) {
  let index = 0
  return new ReadableStream({
    async pull(controller) {
      await pause(everyMs)
      if (index < count) return controller.enqueue(bytes.encode(`chunk ${index++}\n`))
      if (fails) controller.error(new RangeError('out of chunks'))
      else controller.close()
    },
    cancel: cancelled,
  })
}

/** A sub-application with its own middleware and its own error handler. */
function orders() {
  const app = new Hono()
  app.use(async (c, next) => {
    if (c.req.query('as') === 'nobody') return c.text('who are you?', 401)
    await next()
  })
  app.get('/orders/:id', async (c) => {
    await tracer().startActiveSpan('find order', async (found) => {
      await pause(1)
      found.end()
    })
    if (c.req.param('id') === '0') throw new RangeError('no such order')
    return c.json({ id: c.req.param('id'), active: trace.getActiveSpan()?.spanContext().spanId })
  })
  app.onError((error, c) => c.text(`sorry: ${error.message}`, 503))
  return app
}

/**
 * @param telemetry the middleware
 * @param around middlewares above and below it
 */
export function application(telemetry, { above = [], below = [] } = {}) {
  const app = new Hono()
  for (const middleware of [...above, telemetry, ...below]) app.use(middleware)
  app.get('/', (c) => c.text('hello'))
  app.route('/v1', orders())
  app.basePath('/admin').get('/users/:name/:rest{.+}', (c) => c.text(c.req.param('name')))
  app.get('/left', (c) => {
    span('left open')
    return c.text('left')
  })
  app.get('/later', (c) => {
    // Longer than even a slow machine takes to answer.
    c.executionCtx.waitUntil(tracer().startActiveSpan('audit', (audit) => pause(1000).then(() => audit.end())))
    return c.text('later')
  })
  app.get('/never', () => new Promise(() => {}))
  // Like a handler that asks another server on behalf of its client.
  app.get('/asking', async ({ req }) => {
    await new Promise((_resolve, reject) => req.raw.signal.addEventListener('abort', () => reject(new RangeError('no longer asked'))))
  })
  app.post('/parsed', async (c) => c.json(await c.req.json()))
  app.get('/fails', () => {
    throw new RangeError('out of stock')
  })
  app.get('/fails/strangely', () => {
    throw 'out of stock'
  })
  app.get('/teapot', () => {
    throw new HTTPException(418, { message: 'short and stout' })
  })
  app.all('/anything', (c) => c.body(null, 204))
  app.get('/missing/:id', (c) => c.notFound())
  app.use('/guarded/*', async (c) => c.text('closed', 403))
  app.all('/guarded/door', (c) => c.text('come in'))
  app.get('/cookies', (c) => {
    c.header('set-cookie', 'a=1')
    c.header('set-cookie', 'b=2', { append: true })
    c.header('x-kind', 'stream')
    return c.body(chunks(), 201)
  })
  app.get('/stream', (c) => c.body(chunks()))
  app.get('/stream/failing', (c) => c.body(chunks({ fails: true })))
  app.get('/stream/endless', (c) => c.body(chunks({ count: Infinity, cancelled: () => console.log('PRODUCER CANCELLED') })))
  app.get('/stream/helper', (c) =>
    stream(c, async (out) => {
      for (let index = 0; index < 3; index++) {
        await out.write(`chunk ${index}\n`)
        await pause(10)
      }
    }),
  )
  app.get('/sse', (c) =>
    streamSSE(c, async (out) => {
      for (let id = 0; id < 3; id++) {
        await out.writeSSE({ id: `${id}`, data: 'tick' })
        await pause(10)
      }
    }),
  )
  app.use('/files/*', async (c) => c.text('file'))
  app.mount('/mounted', () => new Response('mounted'))
  return app
}

/** Middlewares that read or change the body. */
export const bodies = { compress, etag }
