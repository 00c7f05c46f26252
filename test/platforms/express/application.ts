/** A typical Express application. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Express, RequestHandler, Router } from 'express'
import type { setup } from '../../server/support.ts'

/** The function that the module `express` exports, of either version. */
export type Framework = typeof import('express')

export type Made = ReturnType<typeof setup>

/** The paths that it answers. */
export const PATHS = [
  '/orders/7', '/shop/items/7', '/tenants/acme/users/3', '/regions/eu/shops/7', '/pattern/x', '/stream', '/empty', '/moved', '/nowhere', '/fails/now', '/fails/passed', '/fails/forbidden',
]

/** Adds the application's routes to an instance. */
export const application = (express: Framework) => (app: Express, { tracer }: Made): void => {
  const json: RequestHandler = (request, response) => void response.json({ ...request.params })
  // Express answers an unhandled error with its stack, which differs from test to test.
  const boom = Object.assign(new Error('boom'), { stack: 'Error: boom' })
  // In this environment, Express does not print unhandled errors.
  app.set('env', 'test')
  app.get('/orders/:id', async (request, response) => {
    await turn()
    tracer.startSpan('load').end()
    response.json({ id: request.params.id })
  })
  app.get('/pattern/x', (_request, _response, next) => next('route'))
  app.get(/^\/pattern/, json)
  app.get('/passed/1', (_request, _response, next) => next())
  app.get('/passed/:id', json)
  app.get('/empty', (_request, response) => void response.status(204).end())
  app.get('/moved', (_request, response) => response.redirect('/orders/7'))
  app.get('/fails/:when', (request, _response, next) => {
    const { when } = request.params
    if (when === 'forbidden') throw Object.assign(new Error('not yours'), { status: 403 })
    if (when === 'now') throw boom
    if (when === 'async') return Promise.reject(boom)
    if (when === 'passed') return next(boom)
    void turn().then(() => next(boom))
  })
  app.get('/stream', async (_request, response) => {
    for (let n = 0; n < 3; n++) {
      tracer.startActiveSpan(`chunk ${n}`, (chunk) => chunk.end())
      response.write(`chunk ${n}\n`)
      await turn()
    }
    response.end()
  })
  app.get('/endless', async (_request, response) => {
    while (!response.destroyed) {
      response.write('more and more\n')
      await turn()
    }
  })
  app.use('/shop', shop(express, json, boom))
  app.use('/tenants/:tenant/users', express.Router({ mergeParams: true }).get('/:id', json).get('/:id/fails', (_request, _response, next) => next(boom)))
  app.use('/tenants/:tenant/users/:user', express.Router({ mergeParams: true }).get('/x', json))
  app.use('/shops/:shop', express.Router({ mergeParams: true }).get('/orders', json))
  app.use('/regions/:id', express.Router({ mergeParams: true }).get('/shops/:idx', json))
  app.use(/\/rows\/(\d+)/, express.Router({ mergeParams: true }).get('/leaf', json))
  app.use('/other', express().get('/hello', json))
}

function shop(express: Framework, json: RequestHandler, boom: Error): Router {
  const admin = express.Router().get('/users', json)
  const router = express.Router().get('/', json).get('/items/:id', json).use('/admin', admin)
  return router.get('/fails', (_request, _response, next) => next(boom))
}
