// Requests whose caller gives up half-way: `/gate/held` makes such a request, to `/held`.
import { DurableObject } from 'cloudflare:workers'
import { currentInvocation } from 'flushed'
import { withTelemetry as edge } from 'flushed/edge'
import { telemetry } from 'flushed/hono'
import { withTelemetry } from 'flushed/workers'
import { Hono } from 'hono'
import { optionsFor } from './setup.mjs'

/** Works for a long time. */
async function works(ms) {
  const invocation = currentInvocation()
  invocation.span('first').end()
  const work = invocation.span('work')
  await scheduler.wait(ms)
  work.end()
  invocation.span('last').end()
  console.log('WENT ON')
  return new Response('done', { status: 202 })
}

const routes = {
  held: () => works(1500),
  /** With other work, which takes longer than the handler (`within`), or less long (`beyond`). */
  within(_request, _env, ctx) {
    ctx.waitUntil(scheduler.wait(1200))
    return works(900)
  },
  beyond(_request, _env, ctx) {
    ctx.waitUntil(scheduler.wait(600))
    return works(1500)
  },
  async pause() {
    await scheduler.wait(1500)
    return new Response('over')
  },
}

export const Room = withTelemetry(class Room extends DurableObject {
  fetch() {
    return works(1000)
  }
}, optionsFor)

async function fetch(request, env, ctx) {
  const [, route, path] = new URL(request.url).pathname.split('/')
  if (route !== 'gate') return routes[route](request, env, ctx)
  const asked = path === 'room' ? env.ROOM.get(env.ROOM.idFromName('one')) : env.SELF
  return asked.fetch(`http://self/${path}`, { signal: AbortSignal.timeout(300) }).catch(() => new Response('gave up'))
}

const wraps = {
  workers: () => withTelemetry({ fetch }, optionsFor),
  edge: (env) => ({ fetch: edge(fetch, optionsFor(env)) }),
  hono: () => new Hono().use(telemetry(optionsFor)).all('*', (c) => fetch(c.req.raw, c.env, c.executionCtx)),
}
let wrapped

export default {
  fetch(request, env, ctx) {
    wrapped ??= wraps[env.BY ?? 'workers'](env)
    return wrapped.fetch(request, env, ctx)
  },
}
