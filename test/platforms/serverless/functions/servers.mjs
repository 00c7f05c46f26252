// Node servers on AWS Lambda with `serverless-http`: with flushed's entry for the framework, alone and in a wrap.
import { telemetry as forExpress } from 'flushed/express'
import { telemetry as forFastify } from 'flushed/fastify'
import { withTelemetry } from 'flushed/lambda'
import { withTelemetry as forNode } from 'flushed/node'
import { telemetry, tracer } from '../../../guarantees/functions/setup.mjs'
import serverless from '../../../runtimes/hono/node_modules/serverless-http/serverless-http.js'
import express from '../../../runtimes/servers/node_modules/express/index.js'
import fastify from '../../../runtimes/servers/node_modules/fastify/fastify.js'

const onFlush = ({ phase, outcome, warnings }) => console.log(`REPORT ${JSON.stringify({ phase, outcome, warnings })}`)
const options = { telemetry, onFlush, timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000) }
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function find(id) {
  await tracer.startActiveSpan('find order', async (span) => {
    await pause(1)
    span.end()
  })
  if (id === '0') throw new RangeError('no such order')
  return { id }
}

const orders = express.Router().get('/orders/:id', async (request, response) => response.json(await find(request.params.id)))
const app = express()
app.use(forExpress(options))
app.use('/v1', orders)
app.use((error, _request, response, _next) => response.status(503).send(error.message))

export const alone = serverless(app)
export const wrapped = withTelemetry(serverless(app), options)
export const based = withTelemetry(serverless(app, { basePath: '/shop' }), options)

const listener = forNode(async (request, response) => response.end(JSON.stringify(await find(request.url.split('/').at(-1)))), options)
export const node = withTelemetry(serverless(listener), options)

const fast = fastify()
await fast.register(forFastify, options)
await fast.register(async (scope) => scope.get('/orders/:id', (request) => find(request.params.id)), { prefix: '/v1' })
await fast.ready()
export const fastified = withTelemetry(serverless(fast.server), options)
