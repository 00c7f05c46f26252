/**
 * Requests to Hono's Node server. Node's response tells by itself when it has been sent, so the body need not be followed.
 * Following it would lose the shortcut that the server has for bodies that are complete at once.
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

/** What `@hono/node-server` passes to an application as its bindings. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  /** Absent for an upgrade request. */
  readonly outgoing?: ServerResponse | undefined
}

/** The Node request, if the request is to a Node server. */
export const incomingOf = ({ env }: HonoContext): IncomingMessage | undefined => (env as Partial<NodeBindings> | null | undefined)?.incoming

/** The Node bindings of a request; `undefined` if the request is not to a Node server, or if its response waits for the flush. */
export function nodeOf({ env }: HonoContext, { flush }: Config): NodeBindings | undefined {
  const node = env as NodeBindings | null | undefined
  return node?.incoming?.headers && flush !== 'before-response' ? node : undefined
}

/**
 * Whether an application has agreed to an upgrade, for which the server has no response object. What the application returns then
 * is empty, and the server sends an answer of its own in its place.
 */
export const isUpgraded = (c: HonoContext, response: Response): boolean =>
  !!incomingOf(c)?.headers?.upgrade && !(c.env as NodeBindings).outgoing && response.status === 200 && !response.body

/** The place of requests to a Node server, which all of them share. @param lifetimes the lifetimes of these requests */
export const onNode = (lifetimes: Pick<Platform, 'begun' | 'lifetime' | 'remainingMs'>): Place => ({
  ...lifetimes,
  describe: ([c], active) => describeIncoming((c.env as NodeBindings).incoming, active),
})

/** The result of a request whose response has not been sent: what that response would have been does not count. */
export const UNSENT = Symbol('flushed.unsent')

/**
 * Settles the root of a request when the application has settled and the response has been sent. If the response will
 * never be sent, settles the root as soon as that is known: an application may wait for ever for something that nobody receives.
 */
export class Reply extends Ending {
  #how: Settled | undefined

  /** Create it before the application settles and before the response is sent. */
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
    // If the client is gone already, what the application returns is late.
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
    // Hono knows no status if the application has thrown something that is not an `Error`.
    root.setAttribute('http.response.status_code', response.statusCode)
  }
}

/** What the application has failed with so far. An error that became an ordinary answer is not a failure. */
function failureOf(c: HonoContext, how: Settled | undefined): { readonly error: unknown } | undefined {
  if (how && 'thrown' in how) return { error: how.thrown }
  return c.error && (responseOf(c)?.status ?? 500) >= 500 ? { error: c.error } : undefined
}
