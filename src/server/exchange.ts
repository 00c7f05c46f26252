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
import { remembered } from '../core/remembered.ts'
import { attempt } from '../core/report.ts'
import { recordError } from '../core/span.ts'
import { methodNameOf } from '../web/request.ts'
import { routed } from '../web/route.ts'
import { failureOf, isOver, isSent, statusOf, targetOf } from './request.ts'

/** The route that serves a request, if it is known by now. */
type RouteOf<Request> = (request: Request) => string | undefined

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
  // What plays a response in somebody's tests has no end to be told of.
  if (typeof response.prependListener !== 'function') return undefined
  const begun = begin(wrap, methodNameOf(request.method), [request, response])
  if (!begun) return undefined
  const open = new Exchange(wrap, begun, request, response, routeOf as RouteOf<never>)
  // A client that goes away is told of by `close` alone, and some that play a response have `finish` alone. Before others:
  // within another exchange of the same response, what is known here alone has to be told before that one's root ends.
  response.prependListener('finish', () => open.end(isSent(response)))
  response.prependListener('close', () => open.end(false))
  // A client may be gone before it is the handler's turn.
  if (isOver(response)) queueMicrotask(() => open.end(response.writableFinished && isSent(response)))
  else if (!response.socket) endWithConnection(open, request)
  // Not the response: it tells where it was written, and to follow it as well takes a third of a server's throughput.
  if (hasBody(request)) follow(request, begun)
  return open
}

/** What ends the exchanges whose response has no connection yet, when that of their request closes: Node warns of more than ten listeners. */
const waitingFor = remembered((socket: IncomingMessage['socket']) => {
  const all = new Set<() => void>()
  socket.once('close', () => all.forEach((gone) => gone()))
  return all
})

/**
 * A response that is no connection's is told of nothing: one that has to wait for those before it (Node 22 forgets it when the
 * client is gone), or one that was made for a request that has become another protocol's, as `express-ws` does.
 */
function endWithConnection(open: Exchange, { socket }: IncomingMessage): void {
  if (typeof socket?.once !== 'function') return
  const gone = () => open.end(false)
  if (socket.destroyed) return queueMicrotask(gone)
  const all = waitingFor(socket)
  all.add(gone)
  open.ended = () => all.delete(gone)
}

/** An exchange that is open. */
export class Exchange {
  /** Called when it is over. */
  ended: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #over = false

  constructor(
    private readonly wrap: Wrap,
    private readonly begun: Begun,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly routeOf: RouteOf<never>,
  ) {}

  /** What the handler has to run in. */
  get context(): Context {
    return this.begun.context
  }

  /** What the handler, or a hook, has failed with. Where the response is a server's error, that is its cause. */
  failed(error: unknown): void {
    this.#failure = { error }
  }

  /** The response is over. @param sent whether all of it has been sent */
  end(sent: boolean): void {
    if (this.#over) return
    this.#over = true
    this.ended?.()
    attempt(this.wrap.config, 'reading the response', () => this.#reflect(sent))
    void this.begun.settle({ result: undefined })
  }

  #reflect(sent: boolean): void {
    const { begun, request } = this
    const span = trace.getSpan(begun.context)
    if (span?.isRecording()) reflect(span, this.response, sent, this.#failure)
    const route = this.routeOf(request as never)
    if (route !== undefined) routed(begun, { method: request.method ?? '', url: targetOf(request), route }, this.wrap.config.name)
  }
}

// Source: semantic conventions for HTTP spans, "Status" and `error.type`.
function reflect(span: Span, response: ServerResponse, sent: boolean, failure: { readonly error: unknown } | undefined): void {
  const { headersSent } = response
  const statusCode = statusOf(response)
  if (headersSent) span.setAttribute('http.response.status_code', statusCode)
  if (!sent) {
    const error = failureOf(response)
    if (error) return recordError(span, error)
  }
  // Where the connection has become another protocol's, its end is how that ends.
  if (!sent && (headersSent || response.req?.headers.upgrade === undefined)) {
    // The client's doing, and no error of the server's.
    span.setAttribute(ATTRIBUTE.responseStream, 'cancelled')
    span.setAttribute(ATTRIBUTE.errorType, 'aborted')
  }
  if (failure && (statusCode >= 500 || !headersSent)) return recordError(span, failure.error)
  // What is upgraded has none.
  if (!(statusCode >= 500)) return
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
