/** An origin server whose answers a Worker passes on: with a known length, chunked, compressed, partial, or broken off. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { setTimeout as wait } from 'node:timers/promises'

export interface Origin extends AsyncDisposable {
  readonly url: string
  /** How many answers the client has broken off. */
  readonly stopped: number
}

const zipped = gzipSync('compressed '.repeat(100))

export async function startOrigin(): Promise<Origin> {
  let stopped = 0
  const server = createServer(async (request, response) => {
    const path = request.url?.slice(1) ?? ''
    response.setHeader('date', 'Sat, 21 Nov 2026 00:00:00 GMT').setHeader('x-from', path)
    response.once('close', () => {
      if (!response.writableFinished) stopped++
    })
    if (path === 'known') return response.setHeader('content-length', 5).end('known')
    if (path === 'large') return response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(Buffer.alloc(1 << 20, 'large'))
    if (path === 'gzip') return response.setHeader('content-encoding', 'gzip').setHeader('content-length', zipped.length).end(zipped)
    if (path === 'raw-gzip') return response.end(zipped)
    if (path === 'found') return response.writeHead(302, { location: '/known', 'content-length': 5 }).end('found')
    if (path === 'html') return response.setHeader('content-type', 'text/html').end('<p>hello <b>there</b></p>')
    if (path === 'range') {
      return response.writeHead(206, { 'content-range': 'bytes 1-4/10', 'content-length': 4, 'accept-ranges': 'bytes' }).end('1234')
    }
    // `slow` has a length, `chunked` and `endless` have none, and `broken` ends before its length is reached.
    if (path === 'slow' || path === 'broken') response.setHeader('content-length', 30)
    for (let index = 0; !response.destroyed && (path === 'endless' || index < 3); index++) {
      if (path === 'broken' && index === 2) return wait(300).then(() => void response.destroy())
      response.write(`part ${index % 10}   \n`)
      await wait(50)
    }
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get stopped() {
      return stopped
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
