/**
 * What is active in all requests to a server, because it was when that began to listen: a span of the program's start, or a
 * whole invocation that the program runs in. It is no parent of theirs.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type Context, type Span, context, trace } from '@opentelemetry/api'
import { currentOwner } from '../core/current.ts'
import type { InvocationState } from '../core/invocation.ts'
import { nobodys } from '../core/owned-context.ts'

/** Spans that requests have come in under, and those requests: whatever is around one that has been opened is its own. */
const known = new WeakSet<Span | IncomingMessage>()

/** Opens what a request is, outside of what is around all of them. */
export function asked<T>(request: IncomingMessage | undefined, open: () => T): T {
  const active = context.active()
  return isAmbient(request, active) ? context.with(nobodys(active), open) : open()
}

/**
 * Nothing tells where a context is from. But what is around one request, as an instrumentation's span is, has not been around
 * another; nor has it ended while the client waits. So it is the first request at most that becomes a part of the program.
 */
function isAmbient(request: IncomingMessage | undefined, active: Context): boolean {
  const span = trace.getSpan(active)
  // What plays a server has no connection, and is called within what the request belongs to.
  if (!span || typeof request?.socket?.bytesRead !== 'number' || known.has(request) || isWithin(request, active)) return false
  if (known.has(span) || ((span as { ended?: boolean }).ended && !request.socket.destroyed)) return true
  known.add(span).add(request)
  return false
}

/** Whether it has been made of a request that is being served, as requests of a batch are. */
function isWithin({ socket }: IncomingMessage, active: Context): boolean {
  const { live, args } = (currentOwner(active) ?? {}) as Partial<InvocationState>
  return live === true && (args?.[0] as Partial<IncomingMessage> | undefined)?.socket === socket
}
