import type { HonoMiddleware } from 'flushed/hono'

export function websocket(): { readonly server: object }

/**
 * @param middleware the one to test
 * @param later called when a socket is open, or refused
 */
export function sockets(middleware: HonoMiddleware, later: () => void): { fetch(request: Request, env?: object): Response | Promise<Response> }
