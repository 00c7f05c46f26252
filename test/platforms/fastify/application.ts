/** A typical Fastify application. */
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { setup } from '../../server/support.ts'

export type Made = ReturnType<typeof setup>

/** The paths that it answers. */
export const PATHS = [
  '/orders/7', '/shop/items/7', '/tenants/acme/users/3', '/files/a/b.txt', '/stream', '/empty', '/moved', '/nowhere', '/fails/now', '/fails/async', '/fails/forbidden',
]

/** Adds the application's routes to an instance. */
export async function application(app: FastifyInstance, { tracer }: Made): Promise<void> {
  const params = async (request: { params: unknown }) => request.params
  app.get('/orders/:id', async (request) => {
    await turn()
    tracer.startSpan('load').end()
    return request.params
  })
  app.get('/files/*', params)
  app.get('/empty', async (_request, reply) => reply.code(204).send())
  app.get('/moved', async (_request, reply) => reply.redirect('/orders/7'))
  app.get<{ Params: { when: string } }>('/fails/:when', ({ params: { when } }, reply) => {
    if (when === 'forbidden') throw Object.assign(new Error('not yours'), { statusCode: 403 })
    if (when === 'now') throw new RangeError('boom')
    if (when === 'async') return Promise.reject(new RangeError('boom'))
    void turn().then(() => reply.send(new RangeError('boom')))
  })
  app.get('/stream', async (_request, reply) => reply.type('text/plain').send(Readable.from((async function* () {
    for (let n = 0; n < 3; n++) {
      tracer.startSpan(`chunk ${n}`).end()
      yield `chunk ${n}\n`
      await turn()
    }
  })())))
  app.get('/endless', (_request, reply) => reply.type('text/plain').send(Readable.from((async function* () {
    for (;;) {
      yield 'more and more\n'
      await turn()
    }
  })())))
  await app.register(async (shop) => {
    shop.get('/items/:id', params)
    await shop.register(async (admin) => void admin.get('/users', params), { prefix: '/admin' })
  }, { prefix: '/shop' })
  await app.register(async (users) => void users.get('/:id', params), { prefix: '/tenants/:tenant/users' })
}
