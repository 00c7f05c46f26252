/**
 * Requests to Hono's server for Node: their response tells by itself when it has been sent, so that its body need not be
 * followed, which would cost the shortcut that the server has for bodies that are there at once.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Begun, Settled } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import type { Platform } from '../../core/platform.ts'
import { type Finite, describeIncoming, isOver, isSent } from '../../server/request.ts'
import { reflectUnsent } from '../../server/unsent.ts'
import type { HonoContext } from './context.ts'
import type { Place } from './platform.ts'

/** What is used of Node's response, be it of HTTP/1 or of HTTP/2. */
interface Outgoing extends Finite {
  readonly statusCode: number
  readonly headersSent: boolean
  on(event: 'finish' | 'close', listener: () => void): unknown
}

/** What `@hono/node-server` hands to an application as its bindings. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  /** Absent for an upgrade. */
  readonly outgoing?: Outgoing | undefined
}

/** The request to a server for Node, if it is one. */
export const incomingOf = ({ env }: HonoContext): IncomingMessage | undefined => (env as Partial<NodeBindings> | null | undefined)?.incoming

/** The bindings of a request, if it is one to a server for Node, and its response is not to wait for the flush. */
export function nodeOf({ env }: HonoContext, { flush }: Config): NodeBindings | undefined {
  const node = env as NodeBindings | null | undefined
  return node?.incoming?.headers && flush !== 'before-response' ? node : undefined
}

/** One for all requests to a server. @param lifetimes of its requests */
export const onNode = (lifetimes: Pick<Platform, 'begun' | 'lifetime'>): Place => ({
  ...lifetimes,
  describe: ([c], active) => describeIncoming((c.env as NodeBindings).incoming, active),
})

/** What a root's request comes to: settled when the application has, and the response has been sent, or never will be. */
export class Reply {
  #over: boolean
  #tell: (() => void) | undefined

  /** To be made before either. */
  constructor(
    private readonly begun: Begun,
    private readonly incoming: IncomingMessage,
    private readonly outgoing: Outgoing,
  ) {
    this.#over = isOver(outgoing)
    outgoing.on('finish', () => this.#end(isSent(outgoing)))
    // Without the other where the client is gone, or the body has failed.
    outgoing.on('close', () => this.#end(false))
  }

  settle(how: Settled): void {
    if (this.#over) return void this.begun.settle(how)
    // A promise, since others who listen to the response have their turn first, and callbacks that of the application.
    void new Promise<void>((resolve) => (this.#tell = resolve)).then(() => this.begun.settle(how))
  }

  #end(sent: boolean): void {
    const { root } = this.begun.owner
    if (root.isRecording()) {
      // The application knows of no status where it has thrown what is no error.
      if (sent) root.setAttribute('http.response.status_code', this.outgoing.statusCode)
      else if (!this.#over) reflectUnsent(root, this.incoming, this.outgoing)
    }
    this.#over = true
    this.#tell?.()
  }
}
