/**
 * The Runtime API, version 2018-06-01.
 * Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody, sendJson } from '../http.ts'
import type { Invocation } from './invocation.ts'
import type { Journal } from './journal.ts'
import { parseError, parseResponse, trailerError } from './response.ts'
import type { LambdaError } from './types.ts'

/** What the Runtime API tells the environment it is part of. */
interface RuntimeHost {
  /** Whether the runtime may ask for another invocation while it waits for one. */
  readonly concurrent: boolean
  /** An invocation that is under way. */
  find(requestId: string): Invocation | undefined
  /** The runtime waits for an invocation. */
  runtimeWaits(): void
  /** The response or error of an invocation is complete. */
  runtimeResponded(invocation: Invocation): void
  initFailed(error: LambdaError): void
}

const route = /^\/2018-06-01\/runtime\/(?:(init)\/error|invocation\/(?:(next)|([^/]+)\/(response|error)))$/

const refuse = (response: ServerResponse, status: number, errorType: string, errorMessage: string): void =>
  sendJson(response, status, { errorType, errorMessage })

/** A header with JSON in ASCII: Node throws for most other text, and sends the rest as Latin-1, which clients take for UTF-8. */
function jsonHeader(name: string, value: unknown): Record<string, string> {
  if (value === undefined) return {}
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return { [name]: JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped) }
}

/** Bytes of the longest response that is not streamed. Source: AWS's runtime interface emulator, `MaxPayloadSize`. */
const LONGEST_RESPONSE = 6 * 1024 * 1024 + 100

/** The runtime's side of an execution environment. */
export class RuntimeApi {
  readonly #host: RuntimeHost
  readonly #journal: Journal
  /** Unanswered `next` calls, oldest first. */
  readonly #waiting: ServerResponse[] = []
  /** Invocations for which no `next` has come yet. */
  readonly #queued: Invocation[] = []

  constructor(host: RuntimeHost, journal: Journal) {
    this.#host = host
    this.#journal = journal
  }

  /** Whether a `next` is waiting for its answer. */
  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /** @throws when the client goes away in the middle of a body */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, init, next, requestId, post] = route.exec(request.url ?? '') ?? []
    if (next !== undefined && request.method === 'GET') return this.#next(response)
    if (init !== undefined && request.method === 'POST') return this.#initError(request, response)
    if (requestId === undefined || post === undefined || request.method !== 'POST') {
      // This includes SnapStart's `restore` calls, which a function without SnapStart does not have.
      return refuse(response, 404, 'NotFound', `No such call: ${request.method} ${request.url}`)
    }
    const invocation = this.#host.find(decodeURIComponent(requestId))
    if (invocation === undefined || invocation.responded) {
      request.resume()
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
    }
    return post === 'response' ? this.#response(invocation, request, response) : this.#error(invocation, request, response)
  }

  /** Answers the `next` that has waited longest, or the first to come if concurrent runtimes are all busy. */
  deliver(invocation: Invocation): void {
    const response = this.#waiting.shift()
    if (response === undefined && this.#host.concurrent) {
      this.#queued.push(invocation)
      return
    }
    const { requestId, traceId, functionArn, deadlineMs, options, body } = invocation
    this.#journal.note('runtime.invoke', { requestId })
    response?.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': deadlineMs,
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': traceId,
      ...jsonHeader('lambda-runtime-client-context', options.clientContext),
      ...jsonHeader('lambda-runtime-cognito-identity', options.cognitoIdentity),
    })
    response?.end(body)
  }

  #next(response: ServerResponse): void {
    this.#journal.note('runtime.next')
    if (this.waiting && !this.#host.concurrent) return refuse(response, 403, 'InvalidStateTransition', 'Another next is waiting')
    this.#waiting.push(response)
    response.once('close', () => {
      const index = this.#waiting.indexOf(response)
      if (index !== -1) this.#waiting.splice(index, 1)
    })
    this.#host.runtimeWaits()
    const queued = this.#queued.shift()
    if (queued !== undefined) this.deliver(queued)
  }

  async #response(invocation: Invocation, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { requestId } = invocation
    for await (const chunk of request) {
      if (!invocation.receive(chunk as Buffer, request.headers['content-type'])) continue
      this.#journal.note('runtime.response', { requestId, detail: 'reset' })
      request.socket.resetAndDestroy()
      return this.#host.runtimeResponded(invocation)
    }
    const streamed = request.headers['lambda-runtime-function-response-mode'] === 'streaming'
    if (!streamed && invocation.received > LONGEST_RESPONSE) return this.#tooLarge(invocation, response)
    const error = trailerError(request.trailers)
    this.#journal.note('runtime.response', { requestId, ...(error && { detail: error.errorType }) })
    invocation.respond(request.headers['content-type'], error)
    sendJson(response, 202, { status: 'OK' })
    this.#host.runtimeResponded(invocation)
  }

  #tooLarge(invocation: Invocation, response: ServerResponse): void {
    const { requestId, received } = invocation
    const errorType = 'Function.ResponseSizeTooLarge'
    const limit = `exceeded maximum allowed payload size (${LONGEST_RESPONSE} bytes).`
    this.#journal.note('runtime.response', { requestId, detail: errorType })
    invocation.respondError(JSON.stringify({ errorType, errorMessage: `Response payload size (${received} bytes) ${limit}` }), errorType)
    refuse(response, 413, 'RequestEntityTooLarge', `E${limit.slice(1)}`)
    this.#host.runtimeResponded(invocation)
  }

  async #error(invocation: Invocation, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const errorType = request.headers['lambda-runtime-function-error-type']?.toString()
    invocation.respondError(body.toString('utf8'), errorType)
    this.#journal.note('runtime.error', { requestId: invocation.requestId, ...(errorType && { detail: errorType }) })
    sendJson(response, 202, { status: 'OK' })
    this.#host.runtimeResponded(invocation)
  }

  async #initError(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { payload } = parseResponse(await readBody(request), undefined)
    const error = parseError(payload, request.headers['lambda-runtime-function-error-type']?.toString())
    this.#journal.note('runtime.init_error', { detail: error.errorType })
    sendJson(response, 202, { status: 'OK' })
    this.#host.initFailed(error)
  }
}
