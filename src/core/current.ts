/**
 * The invocation that the running code belongs to.
 *
 * It rides in OpenTelemetry's own context, so that spans find it wherever their context goes: into instrumentations,
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
 * The invocation that the running code belongs to; `undefined` outside of one. Without AsyncLocalStorage it is known
 * only in the synchronous part of a handler, before its first `await`.
 *
 * @example
 * currentInvocation()?.root.setAttribute('app.tenant', tenant)
 */
export const currentInvocation = (): Invocation | undefined => currentOwner(context.active())

/** The same, from a context that is at hand. */
export const currentOwner = (active: Context): SpanOwner | undefined => ownerOf(active) ?? ownerAside() ?? isolate.running

/** The invocation that was entered beside a context manager which cannot enter anything. */
export const ownerAside = (): SpanOwner | undefined => isolate.aside && ownerOf(isolate.aside.getStore() ?? ROOT_CONTEXT)

/**
 * Has the current invocation's flush wait, within its deadline, for work that goes on after the handler's result:
 * spans that the work records are part of the flush. Outside an invocation the work simply runs.
 *
 * Never throws, and a rejection never becomes an unhandled one: it is a warning in the report, or a line in the log where
 * no report is to come.
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
 * Starts a span below the active one, to be ended at scope exit; if it is forgotten, its invocation ends and marks it.
 *
 * @example
 * using s = span('charge')
 * s.setAttribute('app.amount', amount)
 */
export function span(name: string, options?: Parameters<Invocation['span']>[1]): DisposableSpan {
  const invocation = currentInvocation()
  return invocation ? invocation.span(name, options) : disposable(tracerOf().startSpan(name, options))
}

/** Runs something as a part of an invocation. Should that be over, what it records is late. */
export const within = <T>(invocation: SpanOwner, run: () => T): T => running(invocation, () => context.with(invocation.context, run))

/** The context to start a span in: the active one if it is inside `owner`, else the invocation's own. */
export function contextWithin(owner: SpanOwner): Context {
  const active = context.active()
  const span = trace.getSpan(active)
  if (span && ownerOf(active) === owner) return active
  // Where the invocation was entered beside the active context, that one does not name it.
  return span && owner.has(span.spanContext().spanId) ? owned(active, owner) : owner.context
}
