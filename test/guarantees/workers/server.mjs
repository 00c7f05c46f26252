// A Node server as a Worker, with Express or `http`. The Worker as a whole is wrapped, or not.
import { require } from './require.mjs'
import { httpServerHandler } from 'cloudflare:node'
import { env } from 'cloudflare:workers'
import express from 'express'
import { currentInvocation, span } from 'flushed'
import { telemetry } from 'flushed/express'
import { withTelemetry as onNode } from 'flushed/node'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

const { createServer } = require('node:http')

const served = () => ({ ...optionsFor(env), logger: undefined })

/** Makes something on first use: nothing is made at module scope. */
function once(make) {
  let made
  return (...args) => (made ??= make())(...args)
}

async function find() {
  using found = span('find order')
  await scheduler.wait(5)
  found.setAttribute('app.found', true)
}

async function audit() {
  await scheduler.wait(20)
  span('audit').end()
}

async function answer(_request, response) {
  await find()
  currentInvocation().waitUntil(audit())
  response.end('found')
}

const app = express().use(once(() => telemetry(served()))).get('/orders/:id', answer)
const server = env.SERVER === 'express' ? app : createServer(once(() => onNode(answer, served())))
server.listen(3000)
const handler = httpServerHandler({ port: 3000 })

export default env.WRAPPED ? withTelemetry(handler, served) : handler
