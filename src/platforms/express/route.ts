/**
 * The route that serves a request of Express.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { decoded } from '../../web/query.ts'

/** What Express keeps on a request. All of it is public. */
export interface Routed extends IncomingMessage {
  /** Where the router that is at work is mounted: as it was requested, and not as it is written. */
  baseUrl?: string
  /** The route that has matched last. */
  route?: { readonly path?: unknown }
  params?: Readonly<Record<string, unknown>>
  [MATCHED]?: Matched
}

interface Matched {
  readonly route: Routed['route']
  readonly baseUrl: string
  /** As they were then: they are put back when its handler fails. */
  readonly params: Routed['params']
}

const MATCHED = Symbol('flushed.matched')

// The same functions for all requests, for the engine's sake.
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
 * Has a request remember where its route was mounted. That is known only while its router is at work: when a handler has
 * failed, the error's handler answers, outside of it.
 */
export function observeRoute(request: Routed): void {
  if (!(MATCHED in request)) {
    const { route } = request
    request[MATCHED] = (route && { route, baseUrl: request.baseUrl ?? '', params: request.params }) as never
    Object.defineProperty(request, 'route', ROUTE)
  }
}

/** The path of the route as it was written, behind that of its router. */
export function routeOf(request: Routed): string | undefined {
  const { [MATCHED]: matched } = request
  const path = matched?.route?.path
  if (path === undefined) return undefined
  const own = String(path)
  const mounted = asWritten(matched?.baseUrl ?? '', own, matched?.params ?? {})
  return mounted && own === '/' ? mounted : mounted + own
}

// Of a router's path only what was requested is known. Its parameters are, where it hands them on (`mergeParams`): in the
// path's order. From its end, because a part that is written as it is may be before a parameter of the same value, as in
// `/users/:user`.
function asWritten(baseUrl: string, own: string, params: Readonly<Record<string, unknown>>): string {
  if (!baseUrl) return baseUrl
  const names = Object.keys(params).filter((name) => !isOwn(name, own))
  const nameOf = (part: string): string => {
    // As Express has it: clients escape what need not be, and in letters of either case.
    const value = decoded(part)
    const found = names.findLastIndex((name) => value !== '' && params[name] === value)
    return found < 0 ? part : `:${names.splice(found, 1)[0]}`
  }
  return baseUrl.split('/').reverse().map(nameOf).reverse().join('/')
}

const NAMES = /[:*](?:"([^"]+)"|([\p{ID_Continue}$]+))/gu

/** Whether a parameter is of the route's own path. Those without a name are numbered: then it is, where it has any like that. */
const isOwn = (name: string, own: string): boolean =>
  /^\d+$/.test(name) ? /[*(]/.test(own) : [...own.matchAll(NAMES)].some(([, quoted, plain]) => (quoted ?? plain) === name)
