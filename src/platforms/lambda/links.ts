import type { Attributes, Link, SpanContext } from '@opentelemetry/api'
import { parseTraceparent } from '../../core/propagation.ts'
import { MESSAGING_MESSAGE_ID } from './attributes.ts'
import { text } from './events.ts'

/** The most links that SDKs keep on a span by default (`OTEL_SPAN_LINK_COUNT_LIMIT`). */
const MAX_LINKS = 128

/**
 * Links the span to where a message came from. `xray` is the system attribute that the services themselves propagate.
 * `traceparent` is what an instrumented sender wrote into the message's attributes. If both name one span, there is one link.
 *
 * Source: AWS Lambda spans, "SQS Event" (`AWSTraceHeader`); messaging spans, "Span links" (per-message attributes).
 */
export function linkMessage(links: Link[], xray: unknown, traceparent: unknown, messageId: unknown): void {
  const service = parseXRay(xray)
  const sender = parseTraceparent(traceparent)
  if (service !== undefined) add(links, service, messageId)
  if (sender !== undefined && sender.spanId !== service?.spanId) add(links, sender, messageId)
}

function add(links: Link[], context: SpanContext, messageId: unknown): void {
  if (links.length >= MAX_LINKS) return
  const id = text(messageId)
  const attributes: Attributes = id === undefined ? {} : { [MESSAGING_MESSAGE_ID]: id }
  links.push({ context, attributes })
}

// X-Ray writes a version and dashes into the trace id.
const ROOT = /^Root=1-(?!0{8}-0{24})([\da-f]{8})-([\da-f]{24})$/
const PARENT = /^Parent=(?!0{16})([\da-f]{16})$/

/**
 * Reads an X-Ray tracing header: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0|1`. The fields come in any order, and others
 * may be among them. A header without a parent names a trace but no span, so there is nothing to link to.
 *
 * Source: AWS X-Ray, "Tracing header".
 */
function parseXRay(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string') return undefined
  let traceId: string | undefined
  let spanId: string | undefined
  let traceFlags = 0
  for (const part of value.split(';')) {
    const field = part.trim()
    if (field.startsWith('Root=')) traceId = ROOT.exec(field)?.slice(1).join('')
    else if (field.startsWith('Parent=')) spanId = PARENT.exec(field)?.[1]
    else if (field === 'Sampled=1') traceFlags = 1
  }
  if (traceId === undefined || spanId === undefined) return undefined
  return { traceId, spanId, traceFlags, isRemote: true }
}
