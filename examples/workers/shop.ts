/**
 * The shop's other services, which the Workers call: all of them behind one address, and as slow as such services are.
 *
 *     node examples/workers/shop.ts
 *
 * starts them on port 8788, and a collector on 4318 that prints what arrives. `wrangler.jsonc` expects these ports.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'

const services: Record<string, { ms: number; answer: (body: string) => unknown }> = {
  prices: { ms: 16, answer: () => ({ cents: 499 }) },
  customers: { ms: 20, answer: () => ({ sound: true }) },
  charges: { ms: 22, answer: (body) => ({ id: `ch_${body.length}` }) },
  orders: { ms: 9, answer: (body) => ({ id: `order_${body.length}` }) },
  audits: { ms: 120, answer: () => ({}) },
}

/** @param port default: a free one */
export async function startShop(port = 0): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    const service = services[request.url?.split('/')[1] ?? '']
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (service) await wait(service.ms)
    response.writeHead(service ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(service?.answer(body) ?? {}))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startShop(8788)
  const collector = await startCollector({ port: 4318 })
  console.log(`The shop is at ${url}, the collector at ${collector.url}.`)
  for (let seen = 0; ; seen = collector.requests.length) {
    await collector.waitFor(({ requests }) => requests.length > seen, { timeoutMs: 2 ** 31 - 1 })
    for (const { spans } of collector.requests.slice(seen)) console.log(spans.map(({ name }) => name).join(', '))
  }
}
