/* oxlint-disable import/default -- these are exported by `export =` */
import express from 'express'
import fastify from 'fastify'
import { createServer } from 'node:http'
import { telemetry as onExpress } from 'flushed/express'
import { telemetry as onFastify } from 'flushed/fastify'
import { withTelemetry } from 'flushed/node'
const app = express()
app.use(onExpress())
app.use('/x', onExpress<express.Request>({ attributes: (request) => ({ a: request.ip ?? '' }) }), (_q, s) => void s.json({}))
const f = fastify()
await f.register(onFastify, { timeoutMs: 5 })
await f.register(onFastify)
f.get<{ Params: { id: string } }>('/orders/:id', async (request) => request.params.id)
createServer(withTelemetry((request, response) => void response.end(request.url)))
