import { createTraceState, trace, TraceFlags } from '@opentelemetry/api'
import type { Context, SpanContext, TextMapGetter } from '@opentelemetry/api'

/**
 * Puts the remote parent named by the `traceparent` and `tracestate` of `carrier` into `context`, for programs that
 * registered no propagator of their own. A carrier without a valid `traceparent` leaves `context` as it was.
 *
 * Source: W3C Trace Context Recommendation, sections "traceparent Header" and "tracestate Header".
 */
export function extractW3C<Carrier>(carrier: Carrier, getter: TextMapGetter<Carrier>, context: Context): Context {
  const parent = getter.get(carrier, 'traceparent')
  // A request that carries two of them names no parent: picking one would be a guess.
  const header = Array.isArray(parent) ? (parent.length === 1 ? parent[0] : undefined) : parent
  const spanContext = parseTraceparent(header)
  if (spanContext === undefined) return context
  const state = getter.get(carrier, 'tracestate')
  // Unlike its sibling, `tracestate` may be spread over several headers; they are one list, in order.
  const list = Array.isArray(state) ? state.join(',') : state
  if (typeof list === 'string' && list !== '') spanContext.traceState = createTraceState(list)
  return trace.setSpanContext(context, spanContext)
}

/** Where the fields of `version "-" trace-id "-" parent-id "-" trace-flags` begin and end. */
const LENGTH = 55

/**
 * Reads a `traceparent` value; `undefined` for anything the Recommendation calls invalid: version `ff`, upper case,
 * an id of zeros only, and, for version 00, anything after the flags. Later versions may append fields after a dash.
 * Of the flags only `sampled` is kept, since the others of later versions have no meaning to us.
 *
 * Source: W3C Trace Context Recommendation, sections "traceparent Header Field Values" and "Versioning of traceparent".
 */
export function parseTraceparent(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string') return undefined
  // Optional white space around a header's value is not part of it (RFC 9110).
  const header = value.trim()
  if (header.length < LENGTH) return undefined
  if (header[2] !== '-' || header[35] !== '-' || header[52] !== '-') return undefined
  if (!isHex(header, 0, 2) || !isHex(header, 53, 55) || header.startsWith('ff')) return undefined
  if (header.length > LENGTH && (header.startsWith('00') || header[LENGTH] !== '-')) return undefined
  if (!isId(header, 3, 35) || !isId(header, 36, 52)) return undefined
  const flags = Number.parseInt(header.slice(53, 55), 16)
  return {
    traceId: header.slice(3, 35),
    spanId: header.slice(36, 52),
    traceFlags: flags & TraceFlags.SAMPLED,
    isRemote: true,
  }
}

/** Whether `value` has only lower-case hexadecimal digits from `start` to before `end`. */
export function isHex(value: string, start: number, end: number): boolean {
  if (value.length < end) return false
  for (let index = start; index < end; index++) {
    const code = value.charCodeAt(index)
    const digit = code >= 48 && code <= 57
    const letter = code >= 97 && code <= 102
    if (!digit && !letter) return false
  }
  return true
}

/** Whether that part of `value` is an identifier: lower-case hexadecimal and not all zeros. */
export function isId(value: string, start: number, end: number): boolean {
  if (!isHex(value, start, end)) return false
  for (let index = start; index < end; index++) if (value.charCodeAt(index) !== 48) return true
  return false
}
