import { type Span, SpanStatusCode } from '@opentelemetry/api'

/** Whether something is a response, whichever realm it comes from. */
export const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value

/**
 * Reflects a response on a span.
 *
 * @param errorsFrom the lowest status that is an error: 500 where the request was served, 400 where it was made
 */
export function reflectResponse(span: Span, response: unknown, errorsFrom = 500): void {
  if (!isResponse(response)) return
  const { status } = response
  span.setAttribute('http.response.status_code', status)
  if (status < errorsFrom) return
  span.setAttribute('error.type', `${status}`)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
