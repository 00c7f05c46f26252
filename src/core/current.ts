/**
 * The invocation that the running code belongs to.
 *
 * OpenTelemetry's own context carries it, so that spans find it wherever their context goes: into instrumentations,
 * across remote parents, between concurrent invocations of one trace.
 *
 * @module
 */
import { type Context, ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { isolate, once, running } from './isolate.ts'
import { owned, ownerOf } from './owned-context.ts'
import { complain } from './report.ts'
import { disposable, tracerOf } from './span.ts'
import type { DisposableSpan, Invocation, SpanOwner } from './types.ts'

/**
 * Returns the invocation that the running code belongs to, or `undefined` outside an invocation. Without AsyncLocalStorage,
 * it is known only in the synchronous part of a handler, before the first `await`.
 *
 * @example
 * currentInvocation()?.root.setAttribute('app.tenant', tenant)
 */
export const currentInvocation = (): Invocation | undefined => currentOwner(context.active())

/** The same, for callers that have the active context at hand. */
export const currentOwner = (active: Context): SpanOwner | undefined => ownerOf(active) ?? ownerAside() ?? isolate.running

/** The invocation that was entered beside the application's context manager, which cannot enter a context. */
export const ownerAside = (): SpanOwner | undefined => isolate.aside && ownerOf(isolate.aside.getStore() ?? ROOT_CONTEXT)

/**
 * Makes the current invocation's flush wait for work that goes on after the handler's result: within the flush's deadline if
 * the response waits for the flush, or else for as long as the platform keeps the invocation going. Spans that the work records
 * are part of the flush. Outside an invocation, the work runs and nothing waits for it.
 *
 * Never throws. A rejection of the work never becomes an unhandled one: it becomes a warning in the report, or a line in the
 * log if no report follows.
 *
 * @example
 * waitUntil(audit(order))
 */
export function waitUntil(work: PromiseLike<unknown>): void {
  const invocation = currentInvocation()
  if (invocation) return invocation.waitUntil(work)
  Promise.resolve(work).catch((reason) => complain(console, 'background work', reason))
  if (once('waitUntil')) console.warn('flushed: waitUntil() was called outside an invocation; nothing waits for its work')
}

/**
 * Starts a child of the active span. The child ends at scope exit. If you forget to end it, its invocation ends and marks it.
 *
 * @example
 * using s = span('charge')
 * s.setAttribute('app.amount', amount)
 */
export function span(name: string, options?: Parameters<Invocation['span']>[1]): DisposableSpan {
  const invocation = currentInvocation()
  return invocation ? invocation.span(name, options) : disposable(tracerOf().startSpan(name, options))
}

/** Runs a function as part of an invocation. If the invocation is over, what the function records is late. */
export const within = <T>(invocation: SpanOwner, run: () => T): T => running(invocation, () => context.with(invocation.context, run))

/** The context to start a span in: the active context if it is inside `owner`, else `owner`'s own. */
export function contextWithin(owner: SpanOwner): Context {
  const active = context.active()
  const span = trace.getSpan(active)
  if (span && ownerOf(active) === owner) return active
  // If the invocation was entered beside the active context, the active context does not name it.
  return span && owner.has(span.spanContext().spanId) ? owned(active, owner) : owner.context
}
