import type { HonoMiddleware } from 'flushed/hono'

export function websocket(): { readonly server: object }

/**
 * @param middleware the one to test
 * @param onOpen called when a socket is open
 */
export function sockets(middleware: HonoMiddleware, onOpen: () => void): { fetch(request: Request): unknown }
