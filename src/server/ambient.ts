/**
 * What is active in all requests to a server, because it was when that began to listen: a span of the program's start, or a
 * whole invocation that the program runs in. It is around none of them.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { ROOT_CONTEXT, type Span, context, trace } from '@opentelemetry/api'

/** Spans that requests have come in under, and those requests: of one that has been opened, what is around it is its own. */
const known = new WeakSet<Span | IncomingMessage>()

/** Opens what a request is, outside of what is around all of them. */
export const asked = <T>(request: IncomingMessage | undefined, open: () => T): T => (isAmbient(request) ? context.with(ROOT_CONTEXT, open) : open())

/**
 * Nothing tells where a context is from. But what is around one request, as an instrumentation's span is, has not been around
 * another, nor ended before: at most the first request is taken for a part of what it is not.
 */
function isAmbient(request: IncomingMessage | undefined): boolean {
  const span = trace.getSpan(context.active())
  // What plays a server has no connection, and is called within what the request belongs to.
  if (!span || typeof request?.socket?.bytesRead !== 'number' || known.has(request)) return false
  if (known.has(span) || (span as { ended?: boolean }).ended) return true
  known.add(span).add(request)
  return false
}
