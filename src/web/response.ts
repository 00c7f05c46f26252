import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { hasMethod } from '../core/reading.ts'

/** Whether something is a response, whichever realm it comes from. Rows of data may have properties of the same names. */
export const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' &&
  value !== null &&
  'status' in value &&
  typeof value.status === 'number' &&
  'headers' in value &&
  hasMethod(value.headers, 'get') &&
  'body' in value

/**
 * The status that frameworks take from what a handler throws: from a response, from SvelteKit's `redirect()` (which has a
 * `location`) and `error()` (a `body`), and from React Router's `data()`.
 */
export function thrownStatus(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof Error) return undefined
  const { status, init } = thrown as { status?: unknown; init?: { status?: unknown } | null }
  const given = 'location' in thrown || 'body' in thrown ? status : 'data' in thrown && init?.status
  return typeof given === 'number' ? given : undefined
}

/** The status that h3 takes from its own errors, and from nothing else. One of 500 and more is recorded as what it is. */
export function errorStatus(thrown: unknown): number | undefined {
  const { name, status } = thrown as { name?: unknown; status?: unknown }
  const given = thrown instanceof Error && name === 'HTTPError' && (status as number) < 500 && status
  return typeof given === 'number' ? given : undefined
}

/**
 * Reflects a response on a span. Ignores what is not a response.
 *
 * @param errorsFrom the lowest status that is an error: 500 for a request that was served, 400 for one that was made
 */
export function reflectResponse(span: Span, response: unknown, errorsFrom = 500): void {
  if (isResponse(response)) reflectStatus(span, response.status, errorsFrom)
}

/** Reflects a response's status. */
export function reflectStatus(span: Span, status: number, errorsFrom = 500): void {
  span.setAttribute('http.response.status_code', status)
  if (status < errorsFrom) return
  span.setAttribute('error.type', `${status}`)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
