import { type Span, SpanStatusCode } from '@opentelemetry/api'
import type { IncomingMessage } from 'node:http'
import * as ATTRIBUTE from '../core/attributes.ts'
import { recordError } from '../core/span.ts'
import { type Finite, failureOf, isCut, statusOf } from './request.ts'
import { shared } from './state.ts'

interface Response extends Finite {
  readonly headersSent: boolean
  readonly statusCode: number
}

interface Failure {
  readonly error: unknown
}

/**
 * Reflects on a span how a response has ended.
 *
 * @param sent whether all of it has been sent
 * @param failure what the handler has failed with, if it has
 *
 * Source: semantic conventions for HTTP spans, "Status" and `error.type`.
 */
export function reflectEnd(span: Span, request: IncomingMessage, response: Response, sent: boolean, failure: Failure | undefined): void {
  // `@fastify/express` redefines `headersSent`, which then is true only after `send` of Express.
  const headersSent = sent || response.headersSent
  const statusCode = statusOf(response)
  if (headersSent) span.setAttribute('http.response.status_code', statusCode)
  if (!sent && reflectUnsent(span, request, response, failure)) return
  if (failure && (statusCode >= 500 || !headersSent)) return recordError(span, failure.error)
  // An upgraded response has no status.
  if (!(statusCode >= 500)) return
  span.setAttribute(ATTRIBUTE.errorType, `${statusCode}`)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Reflects on a span why a response has not been sent to its end. @returns whether the server is the cause */
function reflectUnsent(span: Span, request: IncomingMessage, response: Response, failure: Failure | undefined): boolean {
  const { headersSent } = response
  const cause = failureOf(response)
  // Before there is an answer, a connection may be closed for what the client has not sent, or may be another protocol's by now.
  const asked = request.complete && request.httpVersionMajor === 1 && request.headers.upgrade === undefined
  // At the end of the process, the server has to cut responses.
  const cut = (headersSent || asked) && shared.draining === 0 && isCut(request, response)
  if (cause || (cut && failure)) recordError(span, cause ?? failure?.error)
  else if (cut) {
    span.setAttribute(ATTRIBUTE.responseStream, 'failed')
    span.setAttribute(ATTRIBUTE.errorType, '_OTHER')
    span.setStatus({ code: SpanStatusCode.ERROR, message: `the server has ended the response ${headersSent ? 'midway' : 'before it began'}` })
  } else if (headersSent || request.headers.upgrade === undefined) {
    // The client's doing, not the server's error. If the connection has become another protocol's, its end is that protocol's.
    span.setAttribute(ATTRIBUTE.responseStream, 'cancelled')
    span.setAttribute(ATTRIBUTE.errorType, 'aborted')
  }
  return !!cause || cut
}
