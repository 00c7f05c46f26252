/**
 * Routes of requests: frameworks know them only when they have found them, long after the span was opened.
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
  /** Its URL, or what of it comes after the host. */
  readonly url: string
  /** As it is registered, such as `/orders/:id`. */
  readonly route: string
}

/**
 * Tells a request's span of its route: `http.route`, and a part of its name, if nobody has given it one. Where that is a
 * child span, the root around it is told as well, if it is of the same request: it is what requests are counted by.
 *
 * @param name the name that the span was given by an option
 */
export function routed({ owner, context }: Begun, { method, url, route }: Routed, name: string | undefined): void {
  const span = trace.getSpan(context)
  const known = methodNameOf(method)
  tell(span, known, route, name)
  const { root } = owner
  if (root === span) return
  // Whichever copy of the package it is from.
  const { description, wrap } = owner as Partial<InvocationState>
  const { 'http.request.method': outer, 'url.path': path } = description?.attributes ?? {}
  // A stage or a base path may have been taken off; and another request, of the handler to itself, has a path of its own.
  const same = outer === method && typeof path === 'string' && path.endsWith(new URL(url, 'http://localhost').pathname)
  if (same) tell(root, known, route, wrap?.config.name)
}

function tell(span: Span | undefined, method: string, route: string, name: string | undefined): void {
  span?.setAttribute('http.route', route)
  if (name === undefined) span?.updateName(`${method} ${route}`)
}
