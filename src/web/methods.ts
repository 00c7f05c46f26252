import { environment } from '../core/environment.ts'

let known: readonly string[] | undefined

/**
 * Whether `method` may be an attribute's value as it is; others become `_OTHER`. An environment variable replaces the
 * list: the conventions demand one if a valid method might become `_OTHER`. Default: those of RFC 9110, PATCH and QUERY.
 *
 * Source: HTTP registry, `http.request.method` (`OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`).
 */
export function isKnownMethod(method: string): boolean {
  known ??= (
    environment('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS') ?? 'GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,CONNECT,TRACE,QUERY'
  ).split(/ *, */)
  return known.includes(method)
}

/** Reads the environment again at the next method. For tests. */
export function resetKnownMethods(): void {
  known = undefined
}
