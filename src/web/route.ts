/**
 * Routes of requests. A framework knows a route only when it has found it, long after the span was opened.
 *
 * @module
 */
import { type Span, trace } from '@opentelemetry/api'
import type { InvocationState } from '../core/invocation.ts'
import type { Begun } from '../core/lifecycle.ts'
import { methodNameOf } from './request.ts'

/** A request whose route has been found. */
export interface Routed {
  readonly method: string
  /** Its URL, or the part of it after the host. */
  readonly url: string
  /** As it is registered, such as `/orders/:id`. */
  readonly route: string
}

/**
 * Sets a request's route on its span: as `http.route`, and as a part of the name, unless an option has given the span its name.
 * If it is a child span, the root around it gets the route too, provided that the root is of the same request: requests are
 * counted by their roots.
 *
 * @param name the name that the span was given by an option
 */
export function routed({ owner, context }: Begun, { method, url, route }: Routed, name: string | undefined): void {
  const span = trace.getSpan(context)
  const known = methodNameOf(method)
  tell(span, known, route, name)
  const { root } = owner
  if (root === span) return
  // The owner may come from another copy of the package.
  const { description, wrap } = owner as Partial<InvocationState>
  const { 'http.request.method': outer, 'url.path': path } = description?.attributes ?? {}
  // A stage or a base path may have been taken off. Another request, from the handler to itself, has a path of its own.
  const same = outer === method && typeof path === 'string' && path.endsWith(new URL(url, 'http://localhost').pathname)
  if (same) tell(root, known, route, wrap?.config.name)
}

function tell(span: Span | undefined, method: string, route: string, name: string | undefined): void {
  span?.setAttribute('http.route', route)
  if (name === undefined) span?.updateName(`${method} ${route}`)
}
