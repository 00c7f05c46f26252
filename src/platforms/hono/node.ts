/**
 * Requests to Hono's server for Node: their response tells by itself when it has been sent, so that its body need not be
 * followed, which would cost the shortcut that the server has for bodies that are there at once.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { HonoContext } from './context.ts'

/** What is used of Node's response, be it HTTP/1 or HTTP/2. */
interface Outgoing {
  /** What it was destroyed with. Default: nothing. */
  readonly errored?: Error | null
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/** What `@hono/node-server` hands to an application as its bindings; no `outgoing` for an upgrade. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: Outgoing
}

/** Those of a request, where it is one to a server for Node. */
export function nodeOf({ env }: HonoContext): NodeBindings | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>
  return incoming && typeof outgoing?.once === 'function' ? { incoming, outgoing } : undefined
}

/** How a response has ended. */
export type Sent = 'finished' | 'cancelled' | { readonly error: Error }

/** Resolves when the response has been sent, or never will be. To be asked before it can have been. */
export const sent = ({ outgoing }: NodeBindings): Promise<Sent> =>
  new Promise((resolve) => {
    outgoing.once('finish', () => resolve('finished'))
    // Alone where the client is gone, or the body has failed.
    outgoing.once('close', () => resolve(outgoing.errored ? { error: outgoing.errored } : 'cancelled'))
  })
