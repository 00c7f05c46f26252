/**
 * The response stream of a streaming handler: the body of the request that posts the response.
 *
 * @module
 */
import type { Agent, ClientRequest, request as Request } from 'node:http'

const errorType = 'Lambda-Runtime-Function-Error-Type'
const errorBody = 'Lambda-Runtime-Function-Error-Body'

/** What a streaming handler writes to. */
export type ResponseStream = ClientRequest & {
  setContentType(contentType: string): void
  /** Set by {@link HttpResponseStream.from}; sent before the first byte. */
  prelude?: Buffer
}

/** `awslambda.HttpResponseStream`: puts status, headers and cookies before the body, as API Gateway and function URLs expect. */
export const HttpResponseStream = {
  from(stream: ResponseStream, metadata: unknown): ResponseStream {
    stream.setContentType('application/vnd.awslambda.http-integration-response')
    stream.prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)])
    return stream
  },
}

/** Opens the request. `done` resolves when the Runtime API has taken all of it. */
export function responseStream(
  request: typeof Request,
  url: string,
  agent: Agent,
): { readonly stream: ResponseStream; readonly done: Promise<void> } {
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
  const done = new Promise<void>((resolve, reject) => {
    sent.on('response', (response) => response.resume().on('end', resolve))
    sent.on('error', reject)
  })
  // Awaited only after the handler; a failure before that must not count as unhandled.
  done.catch(() => undefined)
  const write = sent.write.bind(sent) as (chunk: unknown, ...rest: unknown[]) => boolean
  const stream: ResponseStream = Object.assign(sent, {
    setContentType: (contentType: string) => void sent.setHeader('content-type', contentType),
    write: (chunk: unknown, ...rest: unknown[]): boolean => {
      const { prelude } = stream
      delete stream.prelude
      if (prelude !== undefined) write(prelude)
      const sendable = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk)
      return write(sendable, ...rest)
    },
  })
  return { stream, done }
}

/** Ends the response with an error in its trailers. */
export function failStream(stream: ResponseStream, error: { readonly errorType: string }): void {
  if (stream.writableEnded) return
  stream.addTrailers({
    [errorType]: error.errorType,
    [errorBody]: Buffer.from(JSON.stringify(error)).toString('base64'),
  })
  stream.end()
}
