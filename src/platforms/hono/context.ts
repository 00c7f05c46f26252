/**
 * What of Hono is used. Its types fit, those of any 4.x: who does not use Hono need not have them.
 *
 * @module
 */

/** A route, or a middleware, that a request has matched. */
export interface RouteLike {
  readonly method: string
  readonly path: string
}

/** Hono's `Context`. */
export interface HonoContext {
  readonly req: {
    readonly raw: Request
    readonly method: string
    readonly path: string
    /** Which of the matched ones has been reached. */
    readonly routeIndex: number
    /** In the order in which they run. Superseded by a function of `hono/route`, which is no part of the context. */
    readonly matchedRoutes?: readonly RouteLike[]
    header(name: string): string | undefined
    query(name: string): string | undefined
  }
  /** Bindings; on servers for Node and on AWS Lambda, what they have of the request. */
  readonly env: unknown
  readonly error: Error | undefined
  readonly finalized: boolean
  res: Response
  /** Throws where there is none. */
  readonly executionCtx: unknown
}

/** A middleware of Hono. */
export type HonoMiddleware<C extends HonoContext = HonoContext> = (c: C, next: () => Promise<void>) => Promise<Response | void>

/** Where nobody has answered, to ask for the response would be to make one. */
export const responseOf = (c: HonoContext): Response | undefined => (c.finalized ? c.res : undefined)
