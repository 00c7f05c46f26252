/**
 * The route that serves an Express request.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { decoded } from '../../web/query.ts'

/** What Express keeps on a request. All these properties are public. */
export interface Routed extends IncomingMessage {
  /** The path at which the current router is mounted: as the client requested it, not as the application wrote it. */
  baseUrl?: string
  /** The route that matched last. */
  route?: { readonly path?: unknown }
  params?: Readonly<Record<string, unknown>>
  [MATCHED]?: Matched
}

interface Matched {
  readonly route: Routed['route']
  readonly baseUrl: string
  /** The parameters at that time: Express puts back the previous ones when the route's handler fails. */
  readonly params: Routed['params']
}

const MATCHED = Symbol('flushed.matched')

// All requests share these functions, so that all requests have one shape to the engine.
const ROUTE: PropertyDescriptor & ThisType<Routed> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[MATCHED]?.route
  },
  set(route: Routed['route']) {
    this[MATCHED] = { route, baseUrl: this.baseUrl ?? '', params: this.params }
  },
}

/**
 * Makes a request remember where its route was mounted. Express knows this only while the route's router is at work: when a
 * handler has failed, the error handler answers, outside that router.
 */
export function observeRoute(request: Routed): void {
  if (!(MATCHED in request)) {
    const { route } = request
    request[MATCHED] = (route && { route, baseUrl: request.baseUrl ?? '', params: request.params }) as never
    Object.defineProperty(request, 'route', ROUTE)
  }
}

/** The path of the matched route as the application wrote it, prefixed with the path of its router. */
export function routeOf(request: Routed): string | undefined {
  const { [MATCHED]: matched } = request
  const path = matched?.route?.path
  if (path === undefined) return undefined
  const own = String(path)
  const mounted = asWritten(matched?.baseUrl ?? '', own, matched?.params ?? {})
  return mounted && own === '/' ? mounted : mounted + own
}

// Of a router's path, only the requested form is known. The router's parameters are known if it passes them on (`mergeParams`),
// in the order of the path. Match from the end of the path, because a literal part may come before a parameter of the same
// value, as in `/users/:user`.
function asWritten(baseUrl: string, own: string, params: Readonly<Record<string, unknown>>): string {
  if (!baseUrl) return baseUrl
  const names = Object.keys(params).filter((name) => !isOwn(name, own))
  const nameOf = (part: string): string => {
    // Decoded, as in `params`: clients escape more than they have to, and write escapes in upper or lower case.
    const value = decoded(part)
    const found = names.findLastIndex((name) => value !== '' && params[name] === value)
    return found < 0 ? part : `:${names.splice(found, 1)[0]}`
  }
  return baseUrl.split('/').reverse().map(nameOf).reverse().join('/')
}

const NAMES = /[:*](?:"([^"]+)"|([\p{ID_Continue}$]+))/gu

/** Whether a parameter is in the route's own path. Unnamed parameters are numbered, and count as the route's if it has any such. */
const isOwn = (name: string, own: string): boolean =>
  /^\d+$/.test(name) ? /[*(]/.test(own) : [...own.matchAll(NAMES)].some(([, quoted, plain]) => (quoted ?? plain) === name)
