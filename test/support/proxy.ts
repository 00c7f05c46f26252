/** A fake of what stands between a function and its collector, and forgets idle connections, such as a NAT or a load balancer. */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/**
 * How a connection is lost: closed at once, reset at once, or reset when it is next used, as by a device that has forgotten its
 * state.
 */
export type Loss = 'closed' | 'reset' | 'reset when used'

export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** The number of connections made so far. */
  readonly connections: number
  /** Sets where connections go. Connections made before that wait. */
  forward(url: string): void
  /** Loses all open connections. */
  lose(how: Loss): void
}

export async function startProxy(): Promise<Proxy> {
  let known!: (port: number) => void
  const port = new Promise<number>((resolve) => (known = resolve))
  const open = new Map<Socket, { lost: boolean }>()
  let connections = 0

  const server = createServer(async (client) => {
    connections++
    const state = { lost: false }
    open.set(client, state)
    client.on('error', () => {})
    client.once('close', () => open.delete(client))
    const collector = connect(await port, '127.0.0.1')
    collector.on('error', () => client.destroy())
    client.once('close', () => collector.destroy())
    client.on('data', (data) => (state.lost ? client.resetAndDestroy() : collector.write(data)))
    collector.on('data', (data) => client.write(data))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    forward: (url) => known(Number(new URL(url).port)),
    lose(how) {
      for (const [client, state] of open) {
        state.lost = true
        if (how === 'closed') client.end()
        if (how === 'reset') client.resetAndDestroy()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of open.keys()) client.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}
