import { environment } from '../../core/environment.ts'

/** The methods of RFC 9110, and PATCH and QUERY: what the conventions know by default. */
const STANDARD = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']

let known: ReadonlySet<string> | undefined

/**
 * Whether `method` may be an attribute's value as it is; others become `_OTHER`. An environment variable replaces the
 * list, as it must where a valid method might be taken for an unknown one.
 *
 * Source: HTTP registry, `http.request.method` (`OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`).
 */
export function isKnownMethod(method: string): boolean {
  known ??= readKnown()
  return known.has(method)
}

function readKnown(): ReadonlySet<string> {
  const listed = environment('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS')
  return new Set(listed === undefined ? STANDARD : listed.split(',').map((method) => method.trim()))
}

/** Reads the environment again at the next method. For tests. */
export function resetKnownMethods(): void {
  known = undefined
}
