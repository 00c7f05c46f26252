/**
 * What is active in all requests to a server, because it was active when the server began to listen: a span of the program's
 * start, or a whole invocation that the program runs in. It is not the parent of these requests.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type Context, type Span, SpanKind, context, createContextKey, trace } from '@opentelemetry/api'
import { currentOwner } from '../core/current.ts'
import type { InvocationState } from '../core/invocation.ts'
import { nobodys } from '../core/owned-context.ts'
import { isConnected } from './connection.ts'

/** Spans under which requests have come in, and those requests: whatever is around a request that has been opened is its own. */
const known = new WeakSet<Span | IncomingMessage>()

/** Opens a request, outside whatever is around all requests. */
export function asked<T>(request: IncomingMessage | undefined, open: () => T): T {
  const active = context.active()
  return isAmbient(request, active) ? context.with(nobodys(active), open) : open()
}

/**
 * Whether the active span is around all requests. Nothing tells where a context comes from. But a span of one request, such as an
 * instrumentation's, has not been around another. Nor has it ended while the client waits, unless there is also a span for the
 * whole request. So at most the first request becomes a part of the program.
 */
function isAmbient(request: IncomingMessage | undefined, active: Context): boolean {
  const span = trace.getSpan(active)
  // A stand-in for a server has no connection, and is called within what the request belongs to.
  if (!span || !isConnected(request) || known.has(request) || isWithin(request, active)) return false
  if (known.has(span) || ((span as { ended?: boolean }).ended && !request.socket.destroyed && !isRecorded(active))) return true
  known.add(span).add(request)
  return false
}

/** Whether the request was made from one that is being served, as the requests of a batch are. */
function isWithin({ socket }: IncomingMessage, active: Context): boolean {
  const { live, args } = (currentOwner(active) ?? {}) as Partial<InvocationState>
  return live === true && (args?.[0] as Partial<IncomingMessage> | undefined)?.socket === socket
}

// The key under which OpenTelemetry's `http` instrumentation keeps its span of a request.
const HTTP = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

/** Whether an instrumentation records the request, maybe with spans of its own in between, such as those of Express' layers. */
export function isRecorded(active: Context): boolean {
  const span = (active.getValue(HTTP) as Recording | undefined)?.span
  return span?.kind === SpanKind.SERVER && span.spanContext().traceId === trace.getSpanContext(active)?.traceId
}

interface Recording {
  readonly span?: Span & { readonly kind?: SpanKind }
}
