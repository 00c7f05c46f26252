import { createTraceState, isSpanContextValid, propagation, trace, TraceFlags } from '@opentelemetry/api'
import type { Context, SpanContext, TextMapGetter, TextMapSetter } from '@opentelemetry/api'
import { environment } from './environment.ts'

// With `none`, no propagator is registered either, and that is what is wanted. Source: OpenTelemetry, environment variables.
const isOff = (): boolean => environment('OTEL_PROPAGATORS') === 'none'

/** Reads the context of whoever filled `carrier`: with the propagator that the application registered, or as W3C Trace Context. */
export const extract = <Carrier>(carrier: Carrier, getter: TextMapGetter<Carrier>, context: Context): Context =>
  propagation.fields().length > 0 ? propagation.extract(context, carrier, getter) : extractW3C(carrier, getter, context)

/**
 * The parent of a request's root: the span around the handler if that span has joined the caller's trace, else the caller.
 * Whatever else the caller has sent is kept: if the active context has baggage, whoever opened that span has read it already.
 */
export function nearest(active: Context, caller: Context): Context {
  const around = trace.getSpan(active)
  if (!around || around.spanContext().traceId !== trace.getSpanContext(caller)?.traceId) return caller
  return propagation.getBaggage(active) ? active : trace.setSpan(caller, around)
}

/**
 * Puts the remote parent named by the `traceparent` and `tracestate` of `carrier` into `context`, for programs that
 * registered no propagator of their own. A carrier without a valid `traceparent` leaves `context` as it was.
 *
 * Source: W3C Trace Context Recommendation, sections "traceparent Header" and "tracestate Header".
 */
export function extractW3C<Carrier>(carrier: Carrier, getter: TextMapGetter<Carrier>, context: Context): Context {
  // Several headers of one name are one list, in order, as `fetch` has them. There must not be two `traceparent` headers: to
  // pick one would be a guess.
  const header = getter.get(carrier, 'traceparent')
  const parent = header ? parseTraceparent(String(header)) : undefined
  if (!parent || isOff()) return context
  const state = getter.get(carrier, 'tracestate')
  if (state) parent.traceState = createTraceState(String(state))
  return trace.setSpanContext(context, parent)
}

/**
 * `version "-" trace-id "-" parent-id "-" trace-flags`, in lower case, where neither identifier is all zeros. There is no
 * version `ff`. Version 00 ends there; later ones may append fields after a dash.
 */
const TRACEPARENT = /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-[^,]*)?$/

/**
 * Reads a `traceparent` value. Returns `undefined` for anything that the Recommendation calls invalid. Only the `sampled` flag
 * is kept, since the other flags of later versions have no meaning to us.
 *
 * Source: W3C Trace Context Recommendation, sections "traceparent Header Field Values" and "Versioning of traceparent".
 */
export function parseTraceparent(value: unknown): SpanContext | undefined {
  // Optional white space around a header's value is not part of it (RFC 9110).
  const [, traceId, spanId, flags] = (typeof value === 'string' && TRACEPARENT.exec(value.trim())) || []
  if (!traceId || !spanId) return undefined
  return { traceId, spanId, traceFlags: Number(`0x${flags}`) & TraceFlags.SAMPLED, isRemote: true }
}

/** The reverse of {@link extractW3C}. Leaves the carrier as it is if `context` names no span. */
export function injectW3C<Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
  const span = trace.getSpanContext(context)
  if (!span || !isSpanContextValid(span) || isOff()) return
  const { traceId, spanId, traceFlags, traceState } = span
  setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`)
  const state = traceState?.serialize()
  if (state) setter.set(carrier, 'tracestate', state)
}
