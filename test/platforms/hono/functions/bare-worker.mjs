/** The applications of worker.mjs without telemetry. */
import { application, bodies } from './app.mjs'

const none = (_c, next) => next()
const apps = {
  plain: application(none),
  compress: application(none, { above: [bodies.compress()] }),
  etag: application(none, { above: [bodies.etag()] }),
}

export default { fetch: (request, env, ctx) => apps[env.APP ?? 'plain'].fetch(request, env, ctx) }
