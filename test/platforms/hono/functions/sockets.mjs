// An application whose WebSockets the server for Node upgrades.
import { upgradeWebSocket } from '../../../runtimes/hono/node_modules/@hono/node-server/dist/index.mjs'
import { Hono } from '../../../runtimes/hono/node_modules/hono/dist/index.js'
import { WebSocketServer } from '../../../runtimes/hono/node_modules/ws/wrapper.mjs'

/** What the server needs for upgrades. */
export const websocket = () => ({ server: new WebSocketServer({ noServer: true }) })

export function sockets(middleware, later) {
  const app = new Hono()
  app.use(middleware)
  app.get('/socket', upgradeWebSocket(() => ({ onOpen: later })))
  app.get('/refused/:status', (c) => {
    later()
    return c.body(null, Number(c.req.param('status')))
  })
  app.get('/empty', (c) => c.body(null))
  return app
}
