import type { HonoContext, RouteLike } from './context.ts'

/**
 * The route that has answered, as it is registered, base paths included. Where a middleware has answered before it came to
 * that, the one that it is in front of; none where only middlewares for everything were reached.
 */
export function routeOf({ matchedRoutes = [], routeIndex }: HonoContext['req'], status: number | undefined): string | undefined {
  const reached = matchedRoutes[routeIndex]
  const route = matchedRoutes.slice(routeIndex).find(isRoute)
  if (route || !reached) return route?.path
  // What serves files, or mounts another application, is registered just as what looks at every request.
  return status === 404 || reached.path === '/*' ? undefined : reached.path
}

/** `use` registers for all methods, and mostly for all below a path. */
const isRoute = ({ method, path }: RouteLike): boolean => method !== 'ALL' || !path.endsWith('*')
