/**
 * The response stream of a streaming handler: the body of the request that posts the response.
 *
 * @module
 */
import type { Agent, ClientRequest, request as Request } from 'node:http'
import { RuntimeError } from './runtime-loop-handler.ts'

const errorType = 'Lambda-Runtime-Function-Error-Type'
const errorBody = 'Lambda-Runtime-Function-Error-Body'

const methods =
  'cork destroy end uncork write addListener on once prependListener prependOnceListener off removeListener ' +
  'removeAllListeners setMaxListeners getMaxListeners listeners rawListeners listenerCount eventNames emit setContentType'
const properties =
  'destroyed writableFinished writableObjectMode writableEnded writableNeedDrain ' +
  'writableHighWaterMark writableCorked writableLength writable'

/** What a streaming handler writes to. As with the real client, it looks like a `Writable` but is not one. */
export type ResponseStream = Pick<ClientRequest, 'write' | 'end' | 'writableEnded' | 'writableFinished'> & {
  setContentType(contentType: string): void
  /**
   * Set by {@link HttpResponseStream.from}; called before the first byte. It is a member of this object, with the name that the
   * real client gives its own: code that looks at a stream's members finds the same ones on both.
   */
  _onBeforeFirstWrite?: (write: (chunk: string | Uint8Array) => unknown) => void
}

/** `awslambda.HttpResponseStream`: puts status, headers and cookies before the body, as API Gateway and function URLs expect. */
export const HttpResponseStream = {
  from(stream: ResponseStream, metadata: unknown): ResponseStream {
    stream.setContentType('application/vnd.awslambda.http-integration-response')
    const prelude = JSON.stringify(metadata)
    stream._onBeforeFirstWrite = (write) => {
      write(prelude)
      write(new Uint8Array(8))
    }
    return stream
  },
}

/** A response on its way. */
interface StreamedResponse {
  readonly stream: ResponseStream
  /** Resolves when the Runtime API has taken all of it. */
  readonly done: Promise<void>
  /** Ends it with an error in its trailers. */
  fail(error: { readonly errorType: string }): void
}

/** Opens the request that posts a streamed response. */
export function responseStream(request: typeof Request, url: string, agent: Agent): StreamedResponse {
  const sent = request(url, {
    method: 'POST',
    agent,
    headers: {
      'lambda-runtime-function-response-mode': 'streaming',
      'content-type': 'application/octet-stream',
      'transfer-encoding': 'chunked',
      trailer: `${errorType}, ${errorBody}`,
    },
  })
  // If the request fails while the handler runs, nothing handles this promise yet, and the process ends, as with the client.
  const done = new Promise<void>((resolve, reject) => {
    sent.on('response', (response) => response.resume().on('end', resolve))
    sent.on('error', reject)
  })
  return { stream: facade(sent), done, fail: (error) => fail(sent, error) }
}

function facade(sent: ClientRequest): ResponseStream {
  const write = sent.write.bind(sent) as (chunk: unknown, ...rest: unknown[]) => boolean
  let written = false
  // Kept here and not on Node's request, which has no such member.
  const stream: Record<string, unknown> & Pick<ResponseStream, '_onBeforeFirstWrite'> = {}
  Object.defineProperty(stream, '_onBeforeFirstWrite', { value: undefined, writable: true })
  Object.assign(sent, {
    setContentType(contentType: string) {
      if (written) throw new RuntimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.')
      sent.setHeader('content-type', contentType)
    },
    write(chunk: unknown, ...rest: unknown[]): boolean {
      if (!written) stream._onBeforeFirstWrite?.(write)
      written = true
      return write(typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), ...rest)
    },
  })
  for (const name of methods.split(' ')) stream[name] = Reflect.get(sent, name).bind(sent)
  for (const name of properties.split(' ')) {
    const set = (value: unknown) => void Reflect.set(sent, name, value)
    Object.defineProperty(stream, name, { get: () => Reflect.get(sent, name), set })
  }
  return stream as unknown as ResponseStream
}

function fail(sent: ClientRequest, error: { readonly errorType: string }): void {
  if (sent.writableEnded) return
  sent.addTrailers({
    [errorType]: error.errorType,
    [errorBody]: Buffer.from(JSON.stringify(error)).toString('base64'),
  })
  sent.end()
}
