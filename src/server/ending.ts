/**
 * The end of a response, followed by public events alone, and reported once.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { remove } from '../core/isolate.ts'
import type { Begun, Settled } from '../core/lifecycle.ts'
import { type Told, tellGone, tellWithin } from './connection.ts'
import { isOver, isSent, isWhole, writtenBefore } from './request.ts'

// A promise, because `queueMicrotask` takes several times as long in Node.
const NEXT = Promise.resolve()

/** Something that is told when a response ends. */
export abstract class Ending implements Told {
  protected over = false
  /** All that are told when the connection ends. */
  readonly #toldWith: Told[] | undefined

  constructor(
    protected readonly begun: Begun,
    protected readonly request: IncomingMessage,
    protected readonly response: ServerResponse,
  ) {
    const before = writtenBefore(request, response)
    // A client that goes away causes only `close`, and some stand-ins for a response emit only `finish`. Listen before others. If
    // another exchange is around this one, for the same response, what only this one knows has to be recorded before that one's
    // root ends. And a listener that learns that the client is gone may fail because of it: in the other order, that would be an
    // error.
    response.prependListener('finish', () => this.#end(isSent(response)))
    response.prependListener('close', () => {
      // For nearly all responses, nothing is left to find out.
      if (!this.over) this.#end(isWhole(request, this.headers, before))
    })
    // The client may be gone before the handler's turn.
    if (isOver(response)) queueMicrotask(() => this.#end(response.writableFinished && isSent(response)))
    else this.#toldWith = tellGone(this, request, response)
  }

  /** The response is over. @param sent whether all of it has been sent */
  protected abstract ended(sent: boolean): void

  /** Settles the invocation after others who are told of the end have had their turn: what they do is a part of it. */
  protected conclude(how: Settled): void {
    void NEXT.then(() => this.begun.settle(how))
  }

  /** The response's headers. If a framework passes them as it writes them, Node does not know them. */
  protected abstract get headers(): Readonly<Record<string, unknown>>

  /** The connection is gone. It tells the request and the response, and these tell others, outside any invocation. */
  gone(): void {
    const { begun, request, response } = this
    for (const emitter of [request, response]) tellWithin(emitter, begun.context)
    // A response without a connection is not told: one that has to wait for those before it (Node 22 forgets it), or one that was
    // made for a request that has been upgraded to another protocol, as `express-ws` does.
    if (!response.socket) this.#end(false)
  }

  #end(sent: boolean): void {
    if (this.over) return
    this.over = true
    if (this.#toldWith) remove<Told>(this.#toldWith, this)
    this.ended(sent)
  }
}
