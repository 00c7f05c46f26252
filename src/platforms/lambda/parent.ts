import type { Context } from '@opentelemetry/api'
import { extract, nearest } from '../../core/propagation.ts'
import { headerGetter } from './headers.ts'
import type { EventHeaders } from './headers.ts'

/**
 * The context of whoever sent these headers, by the propagator the application registered, or by W3C Trace Context
 * where it registered none; or a span around the handler that has joined the caller's trace. A propagator that throws costs
 * the parent, not the request.
 */
export function parentOf(headers: EventHeaders | undefined, active: Context): Context {
  if (headers === undefined) return active
  try {
    return nearest(active, extract(headers, headerGetter, active))
  } catch {
    return active
  }
}
