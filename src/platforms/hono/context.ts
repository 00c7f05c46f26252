/**
 * The parts of Hono that are used. The types of any Hono 4.x fit them, and a project without Hono need not have those types.
 *
 * @module
 */

/** A route or a middleware that matches a request. */
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
    /** The index of the matched route that has been reached. */
    readonly routeIndex: number
    /** In the order in which they run. Superseded by a function of `hono/route`, which is not part of the context. */
    readonly matchedRoutes?: readonly RouteLike[]
    header(name: string): string | undefined
    query(name: string): string | undefined
  }
  /** The bindings. On Node servers and on AWS Lambda, what the adapter passes of the request. */
  readonly env: unknown
  readonly error: Error | undefined
  readonly finalized: boolean
  res: Response
  /** Throws if there is none. */
  readonly executionCtx: unknown
}

/** A Hono middleware. */
export type HonoMiddleware<C extends HonoContext = HonoContext> = (c: C, next: () => Promise<void>) => Promise<Response | void>

/** The response, if there is one: reading `c.res` before anything has answered would make one. */
export const responseOf = (c: HonoContext): Response | undefined => (c.finalized ? c.res : undefined)
