/**
 * Starts and ends spans on behalf of the lifecycle.
 *
 * @module
 */
import { type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import * as ATTRIBUTE from './attributes.ts'
import { toError } from './errors.ts'
import type { DisposableSpan, Telemetry } from './types.ts'

// The global provider's tracer, until the application registers another provider.
let known: { provider: object; tracer: Tracer } | undefined

/** The tracer of the package's own spans. */
export function tracerOf(telemetry?: Telemetry): Tracer {
  const own = telemetry?.tracer?.()
  if (own) return own
  const provider = unproxied(trace.getTracerProvider())
  if (known?.provider !== provider) known = { provider, tracer: trace.getTracer('flushed') }
  return known.tracer
}

/** The provider behind OpenTelemetry's proxy, or the provider as it is. */
export const unproxied = (provider: object): object => (provider as { getDelegate?(): object }).getDelegate?.() ?? provider

/** Makes a span end at scope exit. A span that has ended by then, or was never recorded, is left alone. */
export function disposable(span: Span & Partial<Disposable>): DisposableSpan {
  span[Symbol.dispose] ??= () => {
    if (span.isRecording()) span.end()
  }
  return span as DisposableSpan
}

/** Records on a span what its handler has thrown or rejected with, `undefined` included. */
export function recordError(span: Span, thrown: unknown): void {
  if (!span.isRecording()) return
  const error = toError(thrown)
  span.recordException(error)
  span.setAttribute(ATTRIBUTE.errorType, (error === thrown && `${error.name}`) || typeof thrown)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}
