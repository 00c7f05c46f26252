/** Listeners of Node's own `http` on a server in this process. */
import { createServer } from 'node:http'
import { withTelemetry } from 'flushed/node'
import { listen, setup } from '../../server/support.ts'

export type Listener = Parameters<typeof createServer>[1] & {}

export async function serving(listener: Listener, more: Parameters<typeof withTelemetry>[1] = {}) {
  const { options, ...parts } = setup()
  return { ...parts, port: await listen(createServer(withTelemetry(listener, { ...options, ...more }))) }
}

export const json: Listener = (_request, response) => void response.end('{}')
