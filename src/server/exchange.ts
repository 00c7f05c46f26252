/**
 * A request and its response: an invocation that is over when the response has been sent, or the client is gone.
 *
 * @module
 */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Context, type Span, SpanStatusCode, context, trace } from '@opentelemetry/api'
import * as ATTRIBUTE from '../core/attributes.ts'
import { type Begun, type Wrap, begin } from '../core/lifecycle.ts'
import { attempt } from '../core/report.ts'
import { recordError } from '../core/span.ts'
import { methodOf } from '../web/request.ts'
import { routed } from '../web/route.ts'
import { isOver, targetOf } from './request.ts'

/** An exchange that is open. */
export interface Exchange {
  /** What the handler has to run in. */
  readonly context: Context
  /** What the handler, or a hook, has failed with. Where the response is a server's error, that is its cause. */
  failed(error: unknown): void
}

/** The route that serves a request, if it is known by now. */
export type RouteOf<Request> = (request: Request) => string | undefined

/**
 * Opens the invocation of a request, and ends it with the response: both are followed by their public events alone.
 *
 * @param routeOf asked when the response is over
 * @returns `undefined` if nothing could be opened, and the handler has to run without
 */
export function exchange<Request extends IncomingMessage>(
  wrap: Wrap,
  request: Request,
  response: ServerResponse,
  routeOf: RouteOf<Request>,
): Exchange | undefined {
  const { config } = wrap
  const begun = begin(wrap, methodOf(request.method ?? '', {}), [request, response])
  if (!begun) return undefined
  let failure: { readonly error: unknown } | undefined
  let over = false
  const end = (sent: boolean) => {
    if (over) return
    over = true
    attempt(config, 'reading the response', () => {
      const span = trace.getSpan(begun.context)
      if (span?.isRecording()) reflect(span, response, sent, failure)
      const route = routeOf(request)
      if (route !== undefined) routed(begun, { method: request.method ?? '', url: targetOf(request), route }, config.name)
    })
    void begun.settle({ result: undefined })
  }
  // A client that goes away is told of by `close` alone, and some that play a response have `finish` alone. Before others:
  // within another exchange of the same response, what is known here alone has to be told before that one's root ends.
  response.prependListener('finish', () => end(true))
  response.prependListener('close', () => end(false))
  // A client may be gone before it is the handler's turn.
  if (isOver(response)) queueMicrotask(() => end(response.writableFinished))
  if (hasBody(request)) follow(request, begun)
  // Not the response: it tells where it was written, and to follow it as well takes a third of a server's throughput.
  return { context: begun.context, failed: (error) => (failure = { error }) }
}

// Source: semantic conventions for HTTP spans, "Status" and `error.type`.
function reflect(span: Span, { headersSent, statusCode }: ServerResponse, sent: boolean, failure: { readonly error: unknown } | undefined): void {
  if (headersSent) span.setAttribute('http.response.status_code', statusCode)
  if (!sent) {
    // The client's doing, and no error of the server's.
    span.setAttribute('flushed.response_stream', 'cancelled')
    span.setAttribute(ATTRIBUTE.errorType, 'aborted')
  }
  if (failure && (statusCode >= 500 || !headersSent)) return recordError(span, failure.error)
  if (statusCode < 500) return
  span.setAttribute(ATTRIBUTE.errorType, `${statusCode}`)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

// Of others only the end is told, and what has made those slower is followed for nothing.
const hasBody = ({ headers, httpVersionMajor }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || httpVersionMajor > 1

const FOLLOWED = Symbol('flushed.followed')

/**
 * Has the listeners that are added to an emitter from now on run in the invocation's context: what is read from a socket is
 * told of in the context that the connection was opened in.
 */
function follow(emitter: EventEmitter & { [FOLLOWED]?: boolean }, { context: within }: Begun): void {
  if (emitter[FOLLOWED]) return
  emitter[FOLLOWED] = true
  const { emit } = emitter
  const before = OFTEN.map((event) => emitter.listenerCount(event))
  emitter.emit = (event, ...args) => {
    // To enter a context is dear, and nearly all that a request tells is told to nobody.
    const known = before[OFTEN.indexOf(event as string)] ?? 0
    return emitter.listenerCount(event) > known ? context.with(within, emit, emitter, event, ...args) : Reflect.apply(emit, emitter, [event, ...args])
  }
}

/** What Node's own listeners are told of. */
const OFTEN = ['end', 'close']
