// Applications, and the adapters that make handlers of them. Adapters are not layers: "outside" means around the work of a route.
import express from 'express'
import { Hono } from 'hono'
import { handle, streamHandle } from 'hono/aws-lambda'
import serverless from 'serverless-http'
import { oneOf, oneStreamOf } from './cells.mjs'
import { flushed, order } from './setup.mjs'

const hono = (work) =>
  new Hono().get('/orders', async (c) => c.json(await work(c.env.event, c.env.lambdaContext ?? c.env.context)))

const expressed = (work) =>
  express().get('/orders', async (req, res) => res.json(await work(req.apiGateway.event, req.apiGateway.context)))

const cells = (name, adapter) => ({
  [`${name} alone`]: adapter(order()),
  [`${name} inside`]: flushed(adapter(order())),
  [`${name} outside`]: adapter(flushed(order())),
})

export const handler = oneOf({
  ...cells('hono', (work) => handle(hono(work))),
  ...cells('express', (work) => serverless(expressed(work))),
})
export const stream = oneStreamOf(cells('hono', (work) => streamHandle(hono(work))))
