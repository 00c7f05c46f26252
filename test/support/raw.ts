/** HTTP as it is on the wire, without a client's interpretation. */
import { type IncomingMessage, get, request } from 'node:http'
import { connect } from 'node:net'

/** Everything that a client can see of an answer. */
export interface RawAnswer {
  status: number | undefined
  statusText: string | undefined
  /** Names and values in turn, as received, without the date. */
  headers: string[]
  body: string
  /** Why the answer was cut short, if it was. */
  error: string | undefined
}

/** Sends a request, and records the whole answer. Never rejects. */
export function ask(url: URL, options: { method?: string; headers?: Record<string, string> } = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const answered = (response?: IncomingMessage, error?: NodeJS.ErrnoException) =>
      resolve({
        status: response?.statusCode,
        statusText: response?.statusMessage,
        headers: undated(response?.rawHeaders ?? []),
        body: Buffer.concat(chunks).toString('latin1'),
        error: error?.code,
      })
    const asked = request(url, { agent: false, ...options }, (response) => {
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => answered(response))
      response.once('error', (error) => answered(response, error))
    })
    asked.once('error', (error) => answered(undefined, error))
    asked.end()
  })
}

const undated = (headers: string[]) => headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== 'date')

/** Sends a request, and hangs up after this many bytes of the answer. */
export function hangUpAfter(url: URL, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (response: IncomingMessage) => {
      let seen = 0
      response.on('data', (chunk: Buffer) => {
        if ((seen += chunk.length) >= bytes) response.destroy()
      })
      response.once('error', () => {})
      response.once('close', resolve)
    })
    asked.once('error', reject)
  })
}

/** The sizes of an answer's chunks, read from the socket: clients merge chunks that arrive together. */
export async function chunksOf(url: URL): Promise<number[]> {
  const socket = connect(Number(url.port), url.hostname)
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n\r\n`)
  const text = Buffer.concat((await socket.toArray()) as Buffer[]).toString('latin1')
  const sizes: number[] = []
  for (let at = text.indexOf('\r\n\r\n') + 4, size = 1; size > 0; ) {
    const data = text.indexOf('\r\n', at) + 2
    sizes.push((size = Number.parseInt(text.slice(at, data), 16)))
    at = data + size + 2
  }
  return sizes
}
