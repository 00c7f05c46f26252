/**
 * A request and its response: an invocation that is over when the response has been sent, or the client is gone.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Context, trace } from '@opentelemetry/api'
import { type Begun, type Wrap, begin } from '../core/lifecycle.ts'
import { attempt } from '../core/report.ts'
import { methodNameOf } from '../web/request.ts'
import { routed } from '../web/route.ts'
import { asked } from './ambient.ts'
import { follow, hasBody } from './connection.ts'
import { Ending } from './ending.ts'
import { targetOf } from './request.ts'
import { reflectEnd } from './unsent.ts'

/** What a framework knows. It is asked when the response is over. */
interface Known {
  /** The route that serves the request. */
  route?(): string | undefined
  /** The response's headers, where Node does not know them. */
  headers?(): Readonly<Record<string, unknown>>
}

/**
 * Opens the invocation of a request, and ends it with the response. Both are followed by their public events alone.
 *
 * @returns `undefined` if nothing could be opened, and the handler has to run without an invocation
 */
export function exchange(wrap: Wrap, request: IncomingMessage, response: ServerResponse, known: Known = {}): Exchange | undefined {
  // A stand-in for a response, in a test, cannot report its end.
  if (typeof response.prependListener !== 'function') return undefined
  const begun = asked(request, () => begin(wrap, methodNameOf(request.method), [request, response]))
  if (!begun) return undefined
  const open = new Exchange(wrap, begun, request, response, known)
  // Not the response: it emits in the context in which it was written, and following it costs a third of a server's throughput.
  if (hasBody(request)) follow(request, begun.context)
  return open
}

/** An exchange that is open. */
export class Exchange extends Ending {
  #failure: { readonly error: unknown } | undefined

  constructor(
    private readonly wrap: Wrap,
    begun: Begun,
    request: IncomingMessage,
    response: ServerResponse,
    private readonly known: Known,
  ) {
    super(begun, request, response)
  }

  /** What the handler has to run in. */
  get context(): Context {
    return this.begun.context
  }

  protected get headers(): Readonly<Record<string, unknown>> {
    return this.known.headers?.() ?? this.response.getHeaders?.() ?? {}
  }

  /** Notes what the handler, or a hook, has failed with. If the response is a server error, this is its cause. */
  failed(error: unknown): void {
    this.#failure = { error }
  }

  protected ended(sent: boolean): void {
    attempt(this.wrap.config, 'reading the response', () => this.#reflect(sent))
    this.conclude({ result: undefined })
  }

  #reflect(sent: boolean): void {
    const { begun, request, response } = this
    const span = trace.getSpan(begun.context)
    if (span?.isRecording()) reflectEnd(span, request, response, sent, this.#failure)
    const route = this.known.route?.()
    if (route !== undefined) routed(begun, { method: request.method ?? '', url: targetOf(request), route }, this.wrap.config.name)
  }
}
