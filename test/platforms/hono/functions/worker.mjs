/** A Worker with nothing but the middleware. */
import { telemetry } from 'flushed/hono'
import { optionsFor } from '../../../guarantees/workers/setup.mjs'
import { application, bodies } from './app.mjs'

/** @param around middlewares above and below that of telemetry */
export function appOf(around = {}) {
  const app = application(telemetry(optionsFor), around)
  app.get('/websocket', () => {
    const [client, server] = Object.values(new WebSocketPair())
    server.accept()
    server.addEventListener('message', ({ data }) => server.send(`echo ${data}`))
    return new Response(null, { status: 101, webSocket: client })
  })
  return app
}

const apps = {
  plain: appOf(),
  'compress-above': appOf({ above: [bodies.compress()] }),
  'compress-below': appOf({ below: [bodies.compress()] }),
  'etag-above': appOf({ above: [bodies.etag()] }),
  'etag-below': appOf({ below: [bodies.etag()] }),
}

export default { fetch: (request, env, ctx) => apps[env.APP ?? 'plain'].fetch(request, env, ctx) }
