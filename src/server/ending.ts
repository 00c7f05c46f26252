/**
 * The end of a response: followed by its public events alone, and told once.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { remove } from '../core/isolate.ts'
import type { Begun, Settled } from '../core/lifecycle.ts'
import { type Told, tellGone, tellWithin } from './connection.ts'
import { isOver, isSent, isWhole, writtenBefore } from './request.ts'

// What `queueMicrotask` takes in Node is a multiple of this.
const NEXT = Promise.resolve()

/** Who is told of the end of a response. */
export abstract class Ending implements Told {
  protected over = false
  /** Those that are told of the end of its connection. */
  readonly #toldWith: Told[] | undefined

  constructor(
    protected readonly begun: Begun,
    protected readonly request: IncomingMessage,
    protected readonly response: ServerResponse,
  ) {
    const before = writtenBefore(request, response)
    // A client that goes away is told of by `close` alone, and some that play a response have `finish` alone. Before others: within
    // another exchange of the same response, what is known here alone has to be told before that one's root ends; and who is told
    // that the client is gone may fail because of it, which the other way round would be an error.
    response.prependListener('finish', () => this.#end(isSent(response)))
    response.prependListener('close', () => {
      // Of nearly all there is nothing to find out any more.
      if (!this.over) this.#end(isWhole(request, this.headers, before))
    })
    // A client may be gone before it is the handler's turn.
    if (isOver(response)) queueMicrotask(() => this.#end(response.writableFinished && isSent(response)))
    else this.#toldWith = tellGone(this, request, response)
  }

  /** The response is over. @param sent whether all of it has been sent */
  protected abstract ended(sent: boolean): void

  /** Settles the invocation when others have had their turn, who are told of the end: what they do is a part of it. */
  protected conclude(how: Settled): void {
    void NEXT.then(() => this.begun.settle(how))
  }

  /** The response's headers: where a framework hands them over as it writes them, Node does not know them. */
  protected abstract get headers(): Readonly<Record<string, unknown>>

  /** Its connection is gone, which tells request and response of it, and those tell others, outside of any invocation. */
  gone(): void {
    const { begun, request, response } = this
    for (const emitter of [request, response]) tellWithin(emitter, begun.context)
    // A response that is no connection's is told of nothing: one that has to wait for those before it (Node 22 forgets it), or
    // one that was made for a request that has become another protocol's, as `express-ws` does.
    if (!response.socket) this.#end(false)
  }

  #end(sent: boolean): void {
    if (this.over) return
    this.over = true
    if (this.#toldWith) remove<Told>(this.#toldWith, this)
    this.ended(sent)
  }
}
