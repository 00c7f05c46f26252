import { trace } from '@opentelemetry/api'
import type { Begun } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import { routed } from '../../web/route.ts'
import { type HonoContext, type RouteLike, responseOf } from './context.ts'

/** Whether an invocation of its own was begun, rather than a child span. */
export const isRoot = ({ owner, context }: Begun): boolean => trace.getSpan(context) === owner.root

/** Sets the route on a request's span, if a route has been found. */
export function tellRoute(begun: Begun, c: HonoContext, { name }: Config): void {
  const route = routeOf(c.req, responseOf(c)?.status)
  // Node servers build the URL only when it is read, and a root does not need it.
  if (route !== undefined) routed(begun, { method: c.req.method, url: isRoot(begun) ? '' : c.req.raw.url, route }, name)
}

/**
 * The route that answered, as registered, base paths included. If a middleware answered before the route was reached, this is
 * the route behind that middleware. `undefined` if only middlewares for everything were reached.
 */
function routeOf({ matchedRoutes = [], routeIndex }: HonoContext['req'], status: number | undefined): string | undefined {
  const reached = matchedRoutes[routeIndex]
  const route = matchedRoutes.slice(routeIndex).find(isRoute)
  if (route || !reached) return route?.path
  // A handler that serves files, or that mounts another application, is registered just like one that looks at every request.
  return status === 404 || reached.path === '/*' ? undefined : reached.path
}

/** `use` registers for all methods, and mostly for all paths below one. */
const isRoute = ({ method, path }: RouteLike): boolean => method !== 'ALL' || !path.endsWith('*')
