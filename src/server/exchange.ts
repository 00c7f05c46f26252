/**
 * A request and its response: an invocation that is over when the response has been sent, or the client is gone.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Context, trace } from '@opentelemetry/api'
import { remove } from '../core/isolate.ts'
import { type Begun, type Wrap, begin } from '../core/lifecycle.ts'
import { attempt } from '../core/report.ts'
import { methodNameOf } from '../web/request.ts'
import { routed } from '../web/route.ts'
import { asked } from './ambient.ts'
import { type Told, follow, hasBody, tellGone, tellWithin } from './connection.ts'
import { isOver, isSent, isWhole, targetOf, writtenBefore } from './request.ts'
import { reflectEnd } from './unsent.ts'

/** What a framework knows, asked when the response is over. */
interface Known {
  /** The route that serves the request. */
  route?(): string | undefined
  /** The response's headers, where Node does not know them. */
  headers?(): Readonly<Record<string, unknown>>
}

/**
 * Opens the invocation of a request, and ends it with the response: both are followed by their public events alone.
 *
 * @returns `undefined` if nothing could be opened, and the handler has to run without
 */
export function exchange(wrap: Wrap, request: IncomingMessage, response: ServerResponse, known: Known = {}): Exchange | undefined {
  // What plays a response in somebody's tests has no end to be told of.
  if (typeof response.prependListener !== 'function') return undefined
  const begun = asked(request, () => begin(wrap, methodNameOf(request.method), [request, response]))
  if (!begun) return undefined
  const open = new Exchange(wrap, begun, request, response, known)
  // A client that goes away is told of by `close` alone, and some that play a response have `finish` alone. Before others:
  // within another exchange of the same response, what is known here alone has to be told before that one's root ends.
  response.prependListener('finish', () => open.end(isSent(response)))
  response.prependListener('close', () => open.closed())
  // A client may be gone before it is the handler's turn.
  if (isOver(response)) queueMicrotask(() => open.end(response.writableFinished && isSent(response)))
  else open.toldWith = tellGone(open, request, response)
  // Not the response: it tells where it was written, and to follow it as well takes a third of a server's throughput.
  if (hasBody(request)) follow(request, begun.context)
  return open
}

// What `queueMicrotask` takes in Node is a multiple of this.
const NEXT = Promise.resolve()

/** An exchange that is open. */
export class Exchange {
  /** Those that are told of the end of its connection. */
  toldWith: Told[] | undefined
  #failure: { readonly error: unknown } | undefined
  #over = false
  readonly #before: number | undefined

  constructor(
    private readonly wrap: Wrap,
    private readonly begun: Begun,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    private readonly known: Known,
  ) {
    this.#before = writtenBefore(request, response)
  }

  /** What the handler has to run in. */
  get context(): Context {
    return this.begun.context
  }

  /** The response is over, if it was not before, and nobody has ended it. */
  closed(): void {
    // Of nearly all there is nothing to find out any more.
    if (this.#over) return
    const { known, request, response } = this
    this.end(isWhole(request, known.headers?.() ?? response.getHeaders?.() ?? {}, this.#before))
  }

  /** What the handler, or a hook, has failed with. Where the response is a server's error, that is its cause. */
  failed(error: unknown): void {
    this.#failure = { error }
  }

  /** Its connection is gone, which tells request and response of it outside of any invocation. */
  gone(): void {
    const { begun, request, response } = this
    for (const emitter of [request, response]) tellWithin(emitter, begun.context)
    // A response that is no connection's is told of nothing: one that has to wait for those before it (Node 22 forgets it), or
    // one that was made for a request that has become another protocol's, as `express-ws` does.
    if (!response.socket) this.end(false)
  }

  /** The response is over. @param sent whether all of it has been sent */
  end(sent: boolean): void {
    if (this.#over) return
    this.#over = true
    if (this.toldWith) remove<Told>(this.toldWith, this)
    attempt(this.wrap.config, 'reading the response', () => this.#reflect(sent))
    // What others do when they are told of the end is a part of it.
    void NEXT.then(() => this.begun.settle({ result: undefined }))
  }

  #reflect(sent: boolean): void {
    const { begun, request, response } = this
    const span = trace.getSpan(begun.context)
    if (span?.isRecording()) reflectEnd(span, request, response, sent, this.#failure)
    const route = this.known.route?.()
    if (route !== undefined) routed(begun, { method: request.method ?? '', url: targetOf(request), route }, this.wrap.config.name)
  }
}
