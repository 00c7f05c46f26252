/**
 * The Extensions API over HTTP, with an agent of its own, so that no connection is shared with the function.
 *
 * Source: AWS Lambda developer guide, "Using the Lambda Extensions API" (version 2020-01-01).
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import { shared } from '../../../server/extension.ts'

// Taken while this module loads: instrumentations that are loaded later patch `node:http`, and must not trace the extension.
// Not by `import`: it looks at each export of `node:http`, loads all that is behind its `WebSocket`, and so adds 25 ms to every
// cold start.
const { Agent, request } = process.getBuiltinModule('node:http')
const agent = new Agent({ keepAlive: true })

/** What Lambda calls the extension, in logs and metrics. */
const NAME = 'flushed'

/** An answer of the API. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An event of the Extensions API. */
export interface ExtensionEvent {
  readonly eventType: string
  readonly requestId: string
  /** When the invocation times out, in milliseconds since the Unix epoch. */
  readonly deadlineMs: number
}

/** Thrown if the API has answered with a refusal. */
export class Refusal extends Error {
  constructor(
    what: string,
    readonly status: number,
    body: string,
  ) {
    super(`${what} was refused (${status}${describe(body)})`)
  }
}

// A refusal's body is JSON, but whatever is between us and Lambda may answer with anything.
function describe(body: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(body) as { errorType?: string; errorMessage?: string }
    return [errorType && `, ${errorType}`, errorMessage && `: ${errorMessage}`].filter(Boolean).join('')
  } catch {
    return ''
  }
}

const url = (api: string, path: string) => `http://${api}/2020-01-01/extension/${path}`

/** The request that registers, for any `fetch`-like client. */
export const registerRequest = (api: string, events: readonly string[]) => ({
  url: url(api, 'register'),
  headers: { 'lambda-extension-name': NAME, 'content-type': 'application/json' },
  body: JSON.stringify({ events }),
})

/** The identifier in the answer to a registration. @throws Refusal */
export function identifierOf({ status, headers, body }: Answer): string {
  const identifier = headers['lambda-extension-identifier']
  if (status === 200 && typeof identifier === 'string') return identifier
  throw new Refusal('registration as an extension', status, body)
}

/**
 * Registers. The process stays alive until the answer is here, or until `wait.over()` is called.
 *
 * @throws Refusal, or the connection's error
 */
export async function register(api: string, events: readonly string[], wait: { over?: () => void }): Promise<string> {
  const { url, headers, body } = registerRequest(api, events)
  const answer = await call(url, { method: 'POST', headers }, body, (unref) => (wait.over = unref))
  return identifierOf(answer)
}

/**
 * Waits for the next event.
 *
 * @throws Refusal, or the connection's error
 */
export async function next(api: string, identifier: string): Promise<ExtensionEvent> {
  // The poll must not keep the process alive: older runtime clients end a streaming invocation only when nothing else is pending.
  const { status, body } = await call(url(api, 'event/next'), { headers: { 'lambda-extension-identifier': identifier } }, undefined, (unref) => unref())
  if (status !== 200) throw new Refusal('the request for the next event', status, body)
  return JSON.parse(body) as ExtensionEvent
}

type Options = { method?: string; headers: Record<string, string> }

function call(to: string, options: Options, body: string | undefined, connected: (unref: () => void) => void): Promise<Answer> {
  const quietly = shared.untraced ?? shared.quiet ?? ((ask) => ask())
  return quietly(() => new Promise((resolve, reject) => {
    const sent = request(to, { ...options, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    // Needed at each request: when the agent reuses a socket, it refs the socket again.
    sent.on('socket', (socket) => connected(() => void socket.unref()))
    sent.end(body)
  }))
}
