import { trace } from '@opentelemetry/api'
import type { Begun } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import { routed } from '../../web/route.ts'
import { type HonoContext, type RouteLike, responseOf } from './context.ts'

/** Whether what has been begun is an invocation of its own. */
export const isRoot = ({ owner, context }: Begun): boolean => trace.getSpan(context) === owner.root

/** Tells a request's span of the route, as far as that has been found. */
export function tellRoute(begun: Begun, c: HonoContext, { name }: Config): void {
  const route = routeOf(c.req, responseOf(c)?.status)
  // Servers for Node put the URL together when it is asked for.
  if (route !== undefined) routed(begun, { method: c.req.method, url: isRoot(begun) ? '' : c.req.raw.url, route }, name)
}

/**
 * The route that has answered, as it is registered, base paths included. Where a middleware has answered before it came to
 * that, the one that it is in front of; none where only middlewares for everything were reached.
 */
function routeOf({ matchedRoutes = [], routeIndex }: HonoContext['req'], status: number | undefined): string | undefined {
  const reached = matchedRoutes[routeIndex]
  const route = matchedRoutes.slice(routeIndex).find(isRoute)
  if (route || !reached) return route?.path
  // What serves files, or mounts another application, is registered just as what looks at every request.
  return status === 404 || reached.path === '/*' ? undefined : reached.path
}

/** `use` registers for all methods, and mostly for all below a path. */
const isRoute = ({ method, path }: RouteLike): boolean => method !== 'ALL' || !path.endsWith('*')
