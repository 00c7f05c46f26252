/**
 * Requests to Hono's server for Node: their response tells by itself when it has been sent, so that its body need not be
 * followed, which would cost the shortcut that the server has for bodies that are there at once.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Begun, Settled } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import type { Platform } from '../../core/platform.ts'
import { attempt } from '../../core/report.ts'
import { Ending } from '../../server/ending.ts'
import { describeIncoming } from '../../server/request.ts'
import { reflectEnd } from '../../server/unsent.ts'
import { type HonoContext, responseOf } from './context.ts'
import type { Place } from './platform.ts'
import { tellRoute } from './route.ts'

/** What `@hono/node-server` hands to an application as its bindings. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  /** Absent for an upgrade. */
  readonly outgoing?: ServerResponse | undefined
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

/** The result of a request whose response has not been sent: what that would have been is none. */
export const UNSENT = Symbol('flushed.unsent')

/**
 * What a root's request comes to: settled when the application has, and the response has been sent. Where that never will be,
 * as soon as that is known: an application may wait for ever for what nobody is to get.
 */
export class Reply extends Ending {
  #how: Settled | undefined

  /** To be made before either. */
  constructor(
    begun: Begun,
    private readonly c: HonoContext,
    private readonly config: Config,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) {
    super(begun, incoming, outgoing)
  }

  protected get headers(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(responseOf(this.c)?.headers ?? [])
  }

  settle(how: Settled): void {
    // What an application comes to when its client is gone is late.
    if (this.#how) return
    this.#how = how
    if (this.over) this.conclude(how)
  }

  protected ended(sent: boolean): void {
    attempt(this.config, 'reading the response', () => this.#reflect(sent))
    if (!sent) this.#how = { result: UNSENT }
    if (this.#how) this.conclude(this.#how)
  }

  #reflect(sent: boolean): void {
    const { begun, c, request, response } = this
    const { root } = begun.owner
    if (!this.#how && !sent) tellRoute(begun, c, this.config)
    if (!root.isRecording()) return
    if (!sent) return reflectEnd(root, request, response, false, failureOf(c, this.#how))
    // The application knows of no status where it has thrown what is no error.
    root.setAttribute('http.response.status_code', response.statusCode)
  }
}

/** What an application has failed with by now. What has become an answer like any other is no failure. */
function failureOf(c: HonoContext, how: Settled | undefined): { readonly error: unknown } | undefined {
  if (how && 'thrown' in how) return { error: how.thrown }
  return c.error && (responseOf(c)?.status ?? 500) >= 500 ? { error: c.error } : undefined
}
